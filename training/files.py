"""Files that are whole or not there."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def write_whole(path: Path, data: bytes | memoryview) -> None:
    """Writes beside ``path`` and renames, so that a reader sees the old file or the new one, even after a power cut.

    Raises OSError; ``path`` is then what it was before.
    """
    beside = path.with_name(f".{path.name}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def remove_leftovers(folder: Path) -> None:
    """Removes what a ``write_whole`` that was killed left in ``folder``. Nobody may be writing there."""
    for beside in folder.glob(".*.tmp"):
        beside.unlink()


def _sync_folder(folder: Path) -> None:
    """Makes a renaming last, where the system lets a folder be synced; Windows does not."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
