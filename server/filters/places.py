"""Where a filter's files lie, and what they are called."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

from server.errors import FilterProblem
from server.filters.external_data import data_path
from server.logs.escaping import printable

# Control characters, halves of characters (for bytes that are no UTF-8), and ends of lines and paragraphs.
_UNREADABLE = {"Cc", "Cs", "Zl", "Zp"}
_CHANGES_OF_DIRECTION = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def belonging(file: Path) -> tuple[Path, Path, Path]:
    """The file and those beside it that say how to feed it and hold its weights."""
    return file, file.with_suffix(".toml"), data_path(file)


def shown_name(file: Path) -> str:
    """The file's name, as it can be shown to anybody."""
    return printable(file.name)


def check_place(file: Path, folder: Path) -> None:
    """Raises FilterProblem for a file of the folder whose name cannot be shown, and where it or what belongs to it is a
    link out of the folder."""
    if not _is_readable(file.name):
        raise FilterProblem("Its name has characters that cannot be shown; rename it.")
    inside = Path(os.path.realpath(folder))
    for part in belonging(file):
        if part.is_symlink() and not Path(os.path.realpath(part)).is_relative_to(inside):
            what = "It" if part == file else f"{part.name} beside it"
            raise FilterProblem(f"{what} is a link that leads out of the folder; copy the file itself there.")


def _is_readable(name: str) -> bool:
    return not any(unicodedata.category(one) in _UNREADABLE or one in _CHANGES_OF_DIRECTION for one in name)
