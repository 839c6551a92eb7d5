"""Earlier results, kept in memory without loss for as long as there is room."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from ..client import SAMPLE_BYTES
from ..client.wire import Buffer
from .packing import packed, size, unpacked

CAP_BYTES = 512 << 20


@dataclass(frozen=True, eq=False)
class Entry:
    """One result: what made it and how its pixels are stored. ``moment`` is in seconds since 1970; ``place`` is the
    result's x and y in its picture. Compared by identity, since two results may be alike."""

    filter_id: str
    filter_title: str
    filter_sha256: str
    layer_name: str
    width: int
    height: int
    channels: int
    sample_type: int
    place: tuple[int, int] = (0, 0)
    extra: dict[str, str] = field(default_factory=dict)
    moment: float = field(default_factory=time.time)


class History:
    """Keeps results, compressed, and removes the oldest when all of them exceed ``cap_bytes``. May be used from any
    thread."""

    def __init__(self, cap_bytes: int = CAP_BYTES) -> None:
        self._cap = cap_bytes
        self._lock = threading.Lock()
        self._kept: dict[Entry, list[bytes]] = {}  # oldest first

    @property
    def entries(self) -> list[Entry]:
        with self._lock:
            return list(reversed(list(self._kept)))

    def add(self, entry: Entry, pixels: Buffer) -> bool:
        """Keeps a result; returns False when it alone is larger than the cap. May take a second, so do not call it on
        the interface thread."""
        pieces = packed(pixels, SAMPLE_BYTES[entry.sample_type])
        if size(pieces) > self._cap:
            return False
        with self._lock:
            self._kept[entry] = pieces
            while self._used() > self._cap:
                del self._kept[next(iter(self._kept))]
        return True

    def pixels(self, entry: Entry) -> bytearray:
        """Returns a result's pixels. Raises KeyError for one that is no longer kept. May take a second, too."""
        with self._lock:
            pieces = self._kept[entry]
        return unpacked(pieces, SAMPLE_BYTES[entry.sample_type])

    def _used(self) -> int:
        return sum(map(size, self._kept.values()))
