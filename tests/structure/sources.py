"""The Python files of this repository, but for other people's, which the plug-ins carry along."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_FOLDERS = ("protos", "training", "server", "plugins", "tests")
_CARRIED = Path("plugins/client/vendor")
_GENERATED = ("_pb2.py", "_pb2_grpc.py", "plugins/client/messages.py")
_ON_THE_PATH = "protos"  # packages in this folder are imported without its name


@dataclass(frozen=True)
class Source:
    """One file. ``path`` is relative to the repository."""

    path: Path
    lines: int
    tree: ast.Module = field(repr=False, compare=False)

    @property
    def is_generated(self) -> bool:
        return self.path.as_posix().endswith(_GENERATED)

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    @property
    def module(self) -> str:
        """The name by which it is imported, for example ``pleinair.common.files``."""
        parts = self.path.with_suffix("").parts[: -1 if self.is_package else None]
        return ".".join(parts[1:] if parts[0] == _ON_THE_PATH and len(parts) > 2 else parts)


def read_sources() -> list[Source]:
    """All files in order of their paths, parsed."""
    with _no_collection():
        return [_read(path) for path in sorted(_paths())]


def path_of(name: str) -> Path:
    """Where the module or package of this full name lies, without ``.py``; of a package that is not ours, its name."""
    parts = name.split(".")
    return Path(_ON_THE_PATH, *parts) if parts[0] == "pleinair" else Path(*parts)


def _paths() -> Iterator[Path]:
    for folder in _FOLDERS:
        for file in (ROOT / folder).rglob("*.py"):
            path = file.relative_to(ROOT)
            if not path.is_relative_to(_CARRIED):
                yield path


def _read(path: Path) -> Source:
    text = (ROOT / path).read_text("utf-8")
    return Source(path, len(text.splitlines()), ast.parse(text, str(path)))


@contextmanager
def _no_collection() -> Iterator[None]:
    """Trees are a million objects and none of them garbage; looking for some takes three quarters of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
