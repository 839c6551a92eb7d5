"""Writes files so that each is either complete or absent."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from pleinair.common.private import open_private

_SUFFIX = ".tmp"


def write_whole(path: Path, contents: bytes | memoryview, *, private: bool = False) -> None:
    """Writes a draft beside ``path`` and renames it, so that readers see the old file or the new one, even after a
    power cut or with two processes that write to the same path. A ``private`` one is only for the program's own user.
    Raises OSError; ``path`` is then what it was before.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}{_SUFFIX}")
    try:
        with open_private(draft, "wb") if private else draft.open("wb") as file:
            file.write(contents)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def is_draft(path: Path) -> bool:
    """Returns whether the file's name is that of a draft, which ``write_whole`` leaves when its process is killed."""
    return path.name.startswith(".") and path.name.endswith(_SUFFIX)


def is_draft_of(written: Path, path: Path) -> bool:
    """Returns whether ``path`` has the name of a draft of the file ``written``."""
    return is_draft(path) and path.name.startswith(f".{written.name}.")


def remove_drafts(folder: Path) -> None:
    """Removes the drafts that killed processes left in ``folder``; no other process may write there. Raises OSError."""
    for draft in filter(is_draft, folder.iterdir() if folder.is_dir() else ()):
        draft.unlink()


def _sync_folder(folder: Path) -> None:
    """Makes a rename durable where the system can sync a folder; Windows cannot."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
