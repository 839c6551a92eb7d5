"""Copies h2, hpack and hyperframe into the client under private names: ``python -m plugins.vendor``.

All plug-ins of Krita share one interpreter, in which a top-level ``h2`` of ours could clash with another plug-in's.
"""

from __future__ import annotations

import filecmp
import re
import shutil
import sys
import tempfile
from importlib import metadata
from pathlib import Path

VERSIONS = {"h2": "4.4.1", "hpack": "4.2.0", "hyperframe": "6.1.0"}
TARGET = Path(__file__).resolve().parent / "client" / "vendor"

# h2 formats every frame, pixels included, for a log that is off, which takes a third of a transfer's time. Two more
# lines are for Python 3.10 only, without which h2 and hpack run on 3.9 too (tests/plugins/client/test_interpreters.py).
_CORRECTIONS = {
    "h2/connection.py": ('trace("Received frame: %s", repr(frame))', 'trace("Received frame: %s", frame)'),
    "h2/events.py": ('kw_only = {"kw_only": True}', "kw_only: dict[str, bool] = {}"),
    "h2/settings.py": ("MutableMapping[SettingCodes | int, int]", "MutableMapping[int, int]"),
}
_OURS = "|".join(VERSIONS)
_ABSOLUTE = re.compile(rf"^(\s*)from ({_OURS})\b", re.MULTILINE)
_LEFT_OVER = re.compile(rf"^\s*(?:from|import) (?:{_OURS})\b", re.MULTILINE)


class VendorProblem(Exception):
    """The packages cannot be relocated; the message says why and what to do."""


def vendor(target: Path = TARGET) -> None:
    """Puts the packages and their licences into ``target``; changes nothing if they are already there.

    Raises VendorProblem when a package is not installed in the version that is expected.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".vendor-") as folder:
        fresh = Path(folder) / "fresh"
        fresh.mkdir()
        (fresh / "__init__.py").write_text('"""Other people\'s packages, relocated by plugins/vendor.py."""\n', "utf-8")
        for name, version in VERSIONS.items():
            _relocate(name, version, fresh / name)
        if not _same(fresh, target):
            if target.exists():
                target.replace(Path(folder) / "stale")
            fresh.replace(target)


def _relocate(name: str, version: str, target: Path) -> None:
    target.mkdir()
    for source in _files(name, version):
        path = Path(str(source.locate()))
        if source.parts[0] == name and path.suffix == ".py":
            (target / path.name).write_text(_relocated(path), "utf-8")
        elif path.name.startswith("LICENSE"):
            shutil.copyfile(path, target / path.name)


def _files(name: str, version: str) -> list[metadata.PackagePath]:
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        raise VendorProblem(f"{name} is not installed; run pip install {name}=={version}.") from None
    if found.version != version or found.files is None:
        raise VendorProblem(f"{name} {found.version} is installed; run pip install {name}=={version}.")
    return found.files


def _relocated(path: Path) -> str:
    """Returns the code with relative imports. No package has sub-packages, so the others are always one level up."""
    code = path.read_text("utf-8")
    before, after = _CORRECTIONS.get(f"{path.parent.name}/{path.name}", ("", ""))
    relative = _ABSOLUTE.sub(r"\1from ..\2", code.replace(before, after) if before else code)
    if _LEFT_OVER.search(relative) or before not in code:
        raise VendorProblem(f"{path} is not as plugins/vendor.py expects it; adapt that to this version.")
    return relative


def _same(fresh: Path, target: Path) -> bool:
    names = [str(path.relative_to(fresh)) for path in fresh.rglob("*") if path.is_file()]
    there = {str(path.relative_to(target)) for path in target.rglob("*") if path.suffix != ".pyc" and path.is_file()}
    return there == set(names) and filecmp.cmpfiles(fresh, target, names, shallow=False)[1:] == ([], [])


if __name__ == "__main__":
    try:
        vendor()
    except VendorProblem as problem:
        sys.exit(str(problem))
