"""What the C library does with memory that was freed: it keeps much of it, in pieces, for what it is asked for next."""

from __future__ import annotations

import ctypes
import functools
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# glibc's number for the size from which on a block is asked of the system by itself, and goes back to it when it is
# freed. It raises the size by itself, up to the usual one here.
_THRESHOLD = -3
_USUAL = 32 << 20
_SMALL = 1 << 20


def trim() -> None:
    """Gives back to the system what the C library keeps, where that can be asked of it."""
    if (library := _glibc()) is not None:
        library.malloc_trim(0)


@contextmanager
def separate_blocks() -> Iterator[None]:
    """While this is entered, large blocks of memory go back to the system as soon as they are freed. Other systems'
    libraries do so always."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)
        library.mallopt(_THRESHOLD, _SMALL)
    try:
        yield
    finally:
        if library is not None:
            library.mallopt(_THRESHOLD, _USUAL)


@functools.cache
def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") and hasattr(library, "mallopt") else None
