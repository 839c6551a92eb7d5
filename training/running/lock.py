"""One process at a time works in a folder."""

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
    """Holds ``folder`` for this process until the end; the operating system lets go of it when the process dies.

    The file ``.lock`` stays: only the lock on it says anything. Raises InputError when another process holds it,
    OSError when the file cannot be made.
    """
    with (folder / NAME).open("ab") as file:
        try:
            _lock(file.fileno())
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
                raise InputError(
                    f"{folder} is in use by another process that trains into it; wait until it ends, or end it."
                ) from None
            if error.errno not in NO_LOCKS:
                raise
        yield


def _lock(file: int) -> None:
    """Closing the file unlocks it."""
    if sys.platform == "win32":
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    else:
        # A record lock, which processes forked from this one do not inherit: it ends with this process, not with them.
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
