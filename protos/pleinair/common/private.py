"""Files and folders that nobody but the program's user may read or change, whatever its umask. Windows has no such
modes: there its own rules hold."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import IO, Literal

FOLDER_MODE = 0o700
_FILE_MODE = 0o600


def open_private(path: Path, mode: Literal["wb", "ab"]) -> IO[bytes]:
    """Opens a file, which it makes private if it is new. Raises OSError."""
    return open(path, mode, opener=lambda name, flags: os.open(name, flags, _FILE_MODE))


def write_private(path: Path, contents: bytes) -> None:
    """Writes a private file. Raises OSError."""
    with open_private(path, "wb") as file:
        file.write(contents)


def make_private_folder(path: Path) -> bool:
    """Makes the folder, and its parents where they are missing, or closes it to others if it exists. Returns whether it
    is closed: others' folders cannot be. Raises OSError when it cannot be made."""
    path.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
    with contextlib.suppress(OSError):
        path.chmod(FOLDER_MODE)
    return os.name != "posix" or not path.stat().st_mode & 0o077
