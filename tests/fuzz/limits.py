"""A limit to our own memory, so that what asks for too much fails here and does not fill the machine."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def limited_memory(more: int) -> Iterator[None]:
    """In the block this process gets at most ``more`` bytes beyond those that it has (Linux)."""
    before = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (_data() + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _data() -> int:
    """Bytes that count against the limit."""
    status = Path("/proc/self/status").read_text().partition("VmData:")[2]
    return int(status.split()[0]) << 10
