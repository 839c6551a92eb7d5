"""Lists the picture files of a folder, and what is left out of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pleinair.common.suffixes import readable

from training.errors import InputError

# What file managers, network drives, archives and operating systems put beside pictures, without a leading dot.
_SYSTEM = {"@eadir", "__macosx", "#recycle", "#snapshot", "$recycle.bin", "@recycle", "@recently-snapshot"}
_SYSTEM |= {"system volume information", "lost+found", "thumbs.db", "ehthumbs.db", "desktop.ini"}


@dataclass(frozen=True)
class Listing:
    """Picture files in order of name; how many others are hidden, and by suffix ("" for none) how many are of kinds
    that are not read."""

    files: list[Path]
    hidden: int
    others: Mapping[str, int]


def list_pictures(path: Path) -> Listing:
    """Lists the pictures below ``path``, or ``path`` itself if it is a file. Raises InputError when there are none."""
    if path.is_file():
        return Listing([path], 0, {})
    if not path.is_dir():
        raise InputError(f"There is no folder {path}; name a folder that holds the pictures.")
    suffixes = readable()
    files: list[Path] = []
    hidden, others = 0, Counter[str]()
    for file in sorted(file for file in path.rglob("*") if file.is_file()):
        suffix = file.suffix.lower()
        if _is_hidden(file.relative_to(path)):
            hidden += suffix.rstrip("~") in suffixes
        elif suffix in suffixes:
            files.append(file)
        else:
            others[suffix] += 1
    if not files:
        left = f" (but {others_text(others)})" if others else ""
        raise InputError(f"The folder {path} holds no pictures{left}; put PNG, JPEG or WebP pictures there.")
    return Listing(files, hidden, others)


def others_text(others: Mapping[str, int]) -> str:
    """Returns how many files of kinds that are not read there are, by suffix."""
    total = sum(others.values())
    counted = sorted(others.items(), key=lambda item: (-item[1], item[0]))
    names = ", ".join(f"{count} {suffix or 'without a suffix'}" for suffix, count in counted)
    return f"{total} file{'' if total == 1 else 's'} of kinds that are not read: {names}"


def _is_hidden(path: Path) -> bool:
    """Whether a file, or a folder in which it lies, is hidden, a system's own or an editor's backup (``a.png~``)."""
    return any(part.startswith(".") or part.lower() in _SYSTEM or part.endswith("~") for part in path.parts)
