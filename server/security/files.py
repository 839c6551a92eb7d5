"""Reads the files that protect a server, and looks at who else may."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from server.errors import StartProblem

_OTHERS_READ, _OTHERS_WRITE = 0o004, 0o022


def read_file(path: Path) -> bytes:
    """Reads a file. Raises StartProblem, which says why it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise StartProblem(f"{path} cannot be read ({error.strerror}); check its name and permissions.") from error


def read_secret(path: Path) -> bytes:
    """Reads a file that decides who gets in. Raises StartProblem, also where others than its owner may write to it
    (Windows cannot tell)."""
    contents = read_file(path)
    if _mode(path) & _OTHERS_WRITE:
        raise StartProblem(
            f"{path} can be changed by other users of this machine, who could then let anyone in; run chmod 600 {path}."
        )
    return contents


def readable_by_all(paths: Iterable[Path]) -> Iterator[str]:
    """Yields a sentence for each file that every user of this machine can read (Windows cannot tell)."""
    for path in paths:
        if _mode(path) & _OTHERS_READ:
            yield f"{path} can be read by every user of this machine; run chmod 600 {path}."


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode if os.name == "posix" else 0
    except OSError:  # gone since it was read
        return 0
