"""Lists the picture files of a folder, and what is left out of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pleinair.common.hidden import is_hidden, others_text
from pleinair.common.suffixes import readable

from training.errors import InputError


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
        if is_hidden(file.relative_to(path)):
            hidden += suffix.rstrip("~") in suffixes
        elif suffix in suffixes:
            files.append(file)
        else:
            others[suffix] += 1
    if not files:
        left = f" (but {others_text(others)})" if others else ""
        raise InputError(f"The folder {path} holds no pictures{left}; put PNG, JPEG or WebP pictures there.")
    return Listing(files, hidden, others)
