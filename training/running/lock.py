"""Lets one process at a time train into a folder."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from training.errors import InputError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

NAME = ".lock"
NO_LOCKS = frozenset({errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP})  # some network file systems have none


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Locks ``folder`` for this process within the block; the operating system unlocks it when the process dies.

    The file ``.lock`` stays: only the lock on it counts. Raises InputError when another process holds it,
    OSError when the file cannot be made.
    """
    with (folder / NAME).open("ab") as file:
        try:
            _lock(file.fileno())
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
                raise InputError(f"{folder} is in use by another training; wait until it ends, or stop it.") from None
            if error.errno not in NO_LOCKS:
                raise
        yield


def _lock(file: int) -> None:
    """Locks the open file, without waiting; closing it unlocks it. Raises OSError."""
    if sys.platform == "win32":
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    else:
        # A record lock: child processes do not inherit it, so it ends with this process even if they live longer.
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
