"""Results that were made, kept without loss for as long as there is room."""

from __future__ import annotations

import threading
import time
import zlib
from dataclasses import dataclass, field

from ..client.messages import SampleType
from ..client.wire import Buffer

CAP_BYTES = 512 << 20
_FASTEST = 1  # zlib's level: a layer of 64 MiB takes about a second
_PIECE = 1 << 20  # bytes between which other threads have their turn
_SAMPLE_BYTES = {SampleType.UINT8: 1, SampleType.UINT16: 2, SampleType.FLOAT16: 2, SampleType.FLOAT32: 4}


@dataclass(frozen=True, eq=False)
class Entry:
    """One result: what made it and how its pixels are to be read. ``moment`` is in seconds since 1970; ``place`` is
    where the result lies in its picture. Two of them are never the same one, however alike."""

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
    """Newest first. The oldest go when all together are over ``cap_bytes``, compressed as they are kept. May be used
    from any thread."""

    def __init__(self, cap_bytes: int = CAP_BYTES) -> None:
        self._cap = cap_bytes
        self._lock = threading.Lock()
        self._kept: dict[Entry, list[bytes]] = {}  # the oldest first

    @property
    def entries(self) -> list[Entry]:
        with self._lock:
            return list(reversed(list(self._kept)))

    def add(self, entry: Entry, pixels: Buffer) -> bool:
        """False when the result alone is larger than all that is kept. May take a second: not for the interface
        thread."""
        packed = _packed(pixels, _SAMPLE_BYTES[entry.sample_type])
        if _size(packed) > self._cap:
            return False
        with self._lock:
            self._kept[entry] = packed
            while self._used() > self._cap:
                del self._kept[next(iter(self._kept))]
        return True

    def pixels(self, entry: Entry) -> bytearray:
        """Raises KeyError for one that is not kept any more. May take a second, too."""
        with self._lock:
            packed = self._kept[entry]
        return _unpacked(packed, _SAMPLE_BYTES[entry.sample_type])

    def remove(self, entry: Entry) -> None:
        with self._lock:
            self._kept.pop(entry, None)

    def _used(self) -> int:
        return sum(_size(packed) for packed in self._kept.values())


def _packed(pixels: Buffer, sample_bytes: int) -> list[bytes]:
    """Every byte of the samples by itself: the high ones of neighbours are alike, and pack well."""
    packer, packed = zlib.compressobj(_FASTEST), []
    view = memoryview(pixels).cast("B")
    for place in range(sample_bytes):
        plane = view[place::sample_bytes]
        for start in range(0, len(plane), _PIECE):
            packed.append(packer.compress(plane[start : start + _PIECE].tobytes()))
    packed.append(packer.flush())
    return packed


def _unpacked(packed: list[bytes], sample_bytes: int) -> bytearray:
    unpacker, planes = zlib.decompressobj(), bytearray()
    for piece in packed:
        planes += unpacker.decompress(piece)
    planes += unpacker.flush()
    if sample_bytes == 1:
        return planes
    pixels, length = bytearray(len(planes)), len(planes) // sample_bytes
    for place in range(sample_bytes):
        pixels[place::sample_bytes] = planes[place * length : (place + 1) * length]
    return pixels


def _size(packed: list[bytes]) -> int:
    return sum(map(len, packed))
