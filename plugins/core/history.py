"""Results that were made, kept without loss for as long as there is room."""

from __future__ import annotations

import time
import zlib
from collections import OrderedDict
from dataclasses import dataclass, field

from ..client.wire import Buffer

CAP_BYTES = 512 << 20
_FASTEST = 1  # zlib's level: a layer of 64 MiB takes about a second


@dataclass(frozen=True)
class Entry:
    """One result: what made it and how its pixels are to be read. ``moment`` is in seconds since 1970; ``place`` is
    where the result lies in its picture."""

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
    """Newest first. The oldest go when all together are over ``cap_bytes``, compressed as they are kept."""

    def __init__(self, cap_bytes: int = CAP_BYTES) -> None:
        self._cap = cap_bytes
        self._kept: OrderedDict[int, tuple[Entry, bytes]] = OrderedDict()

    @property
    def entries(self) -> list[Entry]:
        return [entry for entry, _ in reversed(self._kept.values())]

    def add(self, entry: Entry, pixels: Buffer) -> bool:
        """False when the result alone is larger than all that is kept. May take a second: not for the interface
        thread."""
        packed = zlib.compress(pixels, _FASTEST)
        if len(packed) > self._cap:
            return False
        self._kept[id(entry)] = (entry, packed)
        while sum(len(kept) for _, kept in self._kept.values()) > self._cap:
            self._kept.popitem(last=False)
        return True

    def pixels(self, entry: Entry) -> bytes:
        """Raises KeyError for one that is not kept any more."""
        return zlib.decompress(self._kept[id(entry)][1])

    def remove(self, entry: Entry) -> None:
        self._kept.pop(id(entry), None)
