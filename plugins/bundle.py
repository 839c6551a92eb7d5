"""Builds the zips that artists install: ``python -m plugins.bundle [--output dist]``.

The same commit gives the same bytes. Krita's zip is for its "Import Python Plugin from File"; GIMP's is unpacked into
the plug-ins folder.
"""

from __future__ import annotations

import argparse
import os
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import tomllib

from plugins import translations, vendor

PLUGINS = Path(__file__).resolve().parent
ROOT = PLUGINS.parent

Contents = dict[PurePosixPath, bytes]


@dataclass(frozen=True)
class Editor:
    """How a plug-in's zip is laid out: ``package`` is the folder of its Python package, ``placed`` maps some files of
    the editor's folder to places of their own, and ``executable`` is the place of the one that can be executed."""

    package: str
    placed: Mapping[str, str]
    executable: str = ""


# The editors by their folders' names. A new editor needs such a folder, whose module ``document`` implements
# plugins.core.host, and an entry here.
EDITORS = {
    # What Krita's importer expects: a .desktop file, actions, and the package that the .desktop file names.
    "krita": Editor(
        "pleinair",
        {name: name for name in ("pleinair.desktop", "pleinair.action")} | {"entry.py": "pleinair/__init__.py"},
    ),
    # GIMP looks for a folder with an executable of the same name; the package lies beside that.
    "gimp": Editor("pleinair/pleinair_plugin", {"launcher.py": "pleinair/pleinair.py"}, "pleinair/pleinair.py"),
}
_OLDEST_DATE = (1980, 1, 1, 0, 0, 0)


def build(host: str, output: Path) -> Path:
    """Writes ``pleinair-HOST-VERSION.zip`` (host is a key of EDITORS) into the folder ``output``; returns its path.

    Raises vendor.VendorProblem when a package to include is not installed, and translations.CatalogueProblem when a
    catalogue cannot be used.
    """
    vendor.vendor()
    output.mkdir(parents=True, exist_ok=True)
    path = output / f"pleinair-{host}-{version()}.zip"
    _write(path, contents(host), EDITORS[host].executable)
    return path


def version() -> str:
    """Returns the project's version from pyproject.toml."""
    number: str = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    return number


def contents(host: str) -> Contents:
    """Returns the zip's files by path: the client, the core, the editor's own part, catalogues and the licence."""
    editor = EDITORS[host]
    package = PurePosixPath(editor.package)
    catalogues = {
        package / f"locale/{language}/LC_MESSAGES/{translations.DOMAIN}.mo": translations.compiled(language)
        for language in translations.LANGUAGES
    }
    moved = {f"{host}/{name}": PurePosixPath(place) for name, place in editor.placed.items()}
    names = [name for part in ("client", "core", host) for name in _files(part)]
    return {
        package / "__init__.py": _source("__init__.py"),
        PurePosixPath("pleinair/LICENSE"): (ROOT / "LICENSE").read_bytes(),
        **{moved.get(name, package / name): _source(name) for name in names},
        **catalogues,
    }


def _source(name: str) -> bytes:
    return (PLUGINS / name).read_bytes()


def _files(part: str) -> Iterator[str]:
    for path in (PLUGINS / part).rglob("*"):
        name = path.relative_to(PLUGINS)
        if path.is_file() and not any(piece.startswith((".", "__pycache__")) for piece in name.parts):
            yield name.as_posix()


def _write(path: Path, contents: Contents, executable: str) -> None:
    """Writes the files in order of name, to a temporary file that then replaces the zip."""
    date = _date()
    beside = path.with_name(f".{path.name}.tmp")
    with zipfile.ZipFile(beside, "w") as archive:
        for name in sorted({*contents, *_folders(contents)}):
            if name in contents:
                mode = stat.S_IFREG | (0o755 if str(name) == executable else 0o644)
                archive.writestr(_member(str(name), mode, date), contents[name])
            else:
                # Krita finds a package only by an entry for its folder.
                archive.writestr(_member(f"{name}/", stat.S_IFDIR | 0o755, date), b"")
    beside.replace(path)


def _folders(contents: Contents) -> set[PurePosixPath]:
    return {folder for name in contents for folder in name.parents if folder.name}


def _member(name: str, mode: int, date: tuple[int, int, int, int, int, int]) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, date)
    member.create_system = 3  # Unix, for which the mode below has a meaning
    member.external_attr = mode << 16
    member.compress_type = zipfile.ZIP_STORED if stat.S_ISDIR(mode) else zipfile.ZIP_DEFLATED
    return member


def _date() -> tuple[int, int, int, int, int, int]:
    """Returns the date of SOURCE_DATE_EPOCH, else of the last commit, else the oldest that a zip can hold.

    A fixed date would not do: Python considers a compiled file up to date if its source's date and size have not
    changed, and a newer plug-in may be unpacked over an older one.
    """
    seconds = os.environ.get("SOURCE_DATE_EPOCH") or _last_commit()
    if not seconds:
        return _OLDEST_DATE
    when = time.gmtime(int(seconds))
    return max(_OLDEST_DATE, (when.tm_year, when.tm_mon, when.tm_mday, when.tm_hour, when.tm_min, when.tm_sec))


def _last_commit() -> str:
    command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    except OSError:
        return ""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m plugins.bundle", description="Build the plug-ins' zips.")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", metavar="FOLDER", help="default: dist")
    output = parser.parse_args().output
    try:
        for host in EDITORS:
            print(build(host, output))
    except (vendor.VendorProblem, translations.CatalogueProblem) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
