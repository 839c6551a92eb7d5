"""Which files in a folder of pictures nobody means: hidden ones, a system's, an editor's backups."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

# What file managers, network drives, archives and operating systems put beside pictures, without a leading dot.
_SYSTEM = {"@eadir", "__macosx", "#recycle", "#snapshot", "$recycle.bin", "@recycle", "@recently-snapshot"}
_SYSTEM |= {"system volume information", "lost+found", "thumbs.db", "ehthumbs.db", "desktop.ini"}


def is_hidden(path: PurePath) -> bool:
    """Whether a file, or a folder in which it lies, is hidden, a system's own or an editor's backup (``a.png~``)."""
    return any(part.startswith(".") or part.lower() in _SYSTEM or part.endswith("~") for part in path.parts)


def others_text(others: Mapping[str, int]) -> str:
    """Returns how many files of kinds that are not read there are, by suffix ("" for none)."""
    total = sum(others.values())
    counted = sorted(others.items(), key=lambda item: (-item[1], item[0]))
    names = ", ".join(f"{count} {suffix or 'without a suffix'}" for suffix, count in counted)
    return f"{total} file{'' if total == 1 else 's'} of kinds that are not read: {names}"
