"""Locks on a folder or a log, held by the operating system until the last process that has the file open ends."""

from __future__ import annotations

import errno
import sys
from pathlib import Path
from typing import IO

from pleinair.common.private import open_private

if sys.platform != "win32":
    import fcntl

_HELD = frozenset({errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK})
_NO_LOCKS = frozenset({errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP})  # some network file systems have none


class Held(Exception):
    """Another process holds the lock."""


if sys.platform == "win32":

    def _open(path: Path) -> IO[bytes]:
        if path.exists():
            path.rename(path)  # Windows refuses to rename a file that is open anywhere, even to its own name
        return open_private(path, "ab")

else:

    def _open(path: Path) -> IO[bytes]:
        file = open_private(path, "ab")
        try:
            # Unlike a record lock this one belongs to the open file: a child that inherits it keeps holding it.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                file.close()
                raise
        return file


def hold(path: Path) -> IO[bytes]:
    """Opens ``path`` for appending and locks it until it is closed here and in every child that writes to it.
    Raises Held when another process has locked it, and OSError when it cannot be opened."""
    try:
        return _open(path)
    except OSError as error:
        if error.errno in _HELD:
            raise Held from None
        raise
