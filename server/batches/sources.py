"""Finds the picture files that a file's name, a folder's or a glob pattern stands for, and counts what is left out."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pleinair.common.hidden import is_hidden, others_text

from server.errors import UsageError


@dataclass(frozen=True)
class Source:
    """A picture file, and where its result belongs below the folder of results."""

    path: Path
    place: Path


@dataclass(frozen=True)
class Found:
    """Picture files in order, and a sentence about what was left out, or an empty text."""

    sources: list[Source]
    left_out: str = ""


def find_pictures(name: str, suffixes: Collection[str], results: Path | None = None) -> Found:
    """Finds the files that a file's name, a folder's or a glob pattern stands for: in folders, and for patterns that
    name no suffix, those with these lower-case suffixes. ``**`` is recursive; what lies in the folder ``results`` below
    it is no source. Raises UsageError where there is none."""
    try:
        return _found(name, suffixes, results)
    except OSError as error:
        raise UsageError(f"{name} cannot be read ({error.strerror}); check its name and its permissions.") from error


def _found(name: str, suffixes: Collection[str], results: Path | None) -> Found:
    path = Path(name)
    if path.is_file():
        return Found([Source(path, Path(path.name))])
    if path.is_dir():
        return _in_folder(path, suffixes)
    if glob.has_magic(name):
        return _by_pattern(name, suffixes, results)
    raise UsageError(f"There is no file or folder {name}; check the name.")


def _in_folder(folder: Path, suffixes: Collection[str]) -> Found:
    hidden, folders, others = 0, 0, Counter[str]()
    sources = []
    for entry in sorted(folder.iterdir()):
        if is_hidden(Path(entry.name)):
            hidden += 1
        elif entry.is_dir():
            folders += 1
        elif entry.suffix.lower() in suffixes:
            sources.append(Source(entry, Path(entry.name)))
        else:
            others[entry.suffix.lower()] += 1
    left = _counted(others, hidden, folders)
    if not sources:
        raise UsageError(f"The folder {folder} holds no pictures" + (f", but {left}." if left else "."))
    advice = f"; the pattern '{folder.as_posix()}/**' takes subfolders too" if folders else ""
    return Found(sources, f"Left out of {folder}: {left}{advice}." if left else "")


def _by_pattern(name: str, suffixes: Collection[str], results: Path | None) -> Found:
    root, is_recursive = _root(name), "**" in Path(name).parts
    # Not Path.glob, which refuses patterns that start at the root.
    matches = (Path(match) for match in sorted(glob.glob(name, recursive=True)))  # noqa: PTH207
    files = [match for match in matches if match.is_file()]
    hidden, results_left, others = 0, 0, Counter[str]()
    sources = []
    for file in _once(files) if is_recursive else files:
        if is_recursive and is_hidden(file.relative_to(root)):
            hidden += 1
        elif is_recursive and results and _lies_in(file, results, root):
            results_left += 1
        elif _names_suffix(name) or file.suffix.lower() in suffixes:
            sources.append(Source(file, file.relative_to(root) if is_recursive else Path(file.name)))
        else:
            others[file.suffix.lower()] += 1
    left = _counted(others, hidden, 0, results_left)
    if not sources:
        raise UsageError(f"No picture matches {name}" + (f", but {left}." if left else "."))
    return Found(sources, f"Left out of {name}: {left}." if left else "")


def _root(pattern: str) -> Path:
    """The folders before the first part of the pattern that stands for several."""
    fixed = []
    for part in Path(pattern).parts:
        if glob.has_magic(part):
            break
        fixed.append(part)
    return Path(*fixed)


def _names_suffix(pattern: str) -> bool:
    suffix = Path(pattern).suffix
    return bool(suffix) and not glob.has_magic(suffix)


def _once(files: Iterable[Path]) -> Iterator[Path]:
    """Each file by its shortest way: links may lead round in a circle."""
    by_place: dict[Path, Path] = {}
    for file in sorted(files, key=lambda file: len(file.parts)):
        by_place.setdefault(file.resolve(), file)
    return iter(sorted(by_place.values()))


def _lies_in(file: Path, results: Path, root: Path) -> bool:
    place, within = results.resolve(), root.resolve()
    return place != within and place.is_relative_to(within) and file.resolve().is_relative_to(place)


def _counted(others: Counter[str], hidden: int, folders: int, results: int = 0) -> str:
    parts = [others_text(others)] if others else []
    parts += [_number(count, what) for count, what in ((hidden, "hidden file"), (folders, "subfolder")) if count]
    parts += [f"{_number(results, 'file')} among the results"] if results else []
    return "; ".join(parts)


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
