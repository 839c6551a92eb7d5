"""The results of a session, kept without loss in as much memory as the artist allows."""

from __future__ import annotations

import itertools
import threading
import time
import zlib
from dataclasses import dataclass, field
from typing import Callable

from ..client.messages import SampleType
from ..client.wire import Buffer

_PIECE = 1 << 20  # bytes; compression lets other threads run between and during pieces
_SAMPLE_BYTES = {
    SampleType.UINT8: 1,
    SampleType.UINT16: 2,
    SampleType.FLOAT16: 2,
    SampleType.FLOAT32: 4,
}


@dataclass(frozen=True)
class Picture:
    """What a result is: the format's numbers are the protocol's, x and y its place in the document."""

    title: str
    filter_id: str
    filter_sha256: str
    width: int
    height: int
    channels: int
    sample_type: int
    x: int = 0
    y: int = 0


@dataclass(frozen=True)
class Entry:
    """A kept result. ``when`` is in seconds since 1970."""

    number: int
    picture: Picture
    when: float = field(default_factory=time.time)


class Gone(Exception):
    """The entry was removed, or made room for newer ones."""


class History:
    """Used by one thread; packing has another, and ``changed`` is called from there when entries made room."""

    def __init__(self, cap_bytes: int, changed: Callable[[], None] = lambda: None) -> None:
        self._cap = cap_bytes
        self._changed = changed
        self._lock = threading.Lock()
        self._kept: dict[Entry, bytes | bytearray | list[bytes]] = {}  # the oldest first; in a list once packed
        self._numbers = itertools.count(1)
        self._packers: list[threading.Thread] = []

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The newest first."""
        with self._lock:
            return tuple(reversed(tuple(self._kept)))

    @property
    def used_bytes(self) -> int:
        with self._lock:
            return sum(_size(kept) for kept in self._kept.values())

    def add(self, picture: Picture, pixels: bytes | bytearray) -> Entry:
        """At once; ``pixels`` must not change afterwards. They are packed in the background, and then the oldest
        entries go until the cap holds."""
        entry = Entry(next(self._numbers), picture)
        with self._lock:
            self._kept[entry] = pixels
        packer = threading.Thread(target=self._pack, args=(entry, pixels), name="pleinair-history", daemon=True)
        self._packers = [thread for thread in self._packers if thread.is_alive()] + [packer]
        packer.start()
        return entry

    def pixels(self, entry: Entry) -> bytearray:
        """As they were added. Raises Gone."""
        with self._lock:
            kept = self._kept.get(entry)
        if kept is None:
            raise Gone
        return _unpacked(kept, _sample_bytes(entry)) if isinstance(kept, list) else bytearray(kept)

    def remove(self, entry: Entry) -> None:
        with self._lock:
            self._kept.pop(entry, None)

    def settle(self) -> None:
        """Waits until all is packed."""
        for packer in self._packers:
            packer.join()

    def _pack(self, entry: Entry, pixels: Buffer) -> None:
        packed = _packed(pixels, _sample_bytes(entry))
        with self._lock:
            if entry in self._kept:
                self._kept[entry] = packed
            went = self._make_room()
        if went:
            self._changed()

    def _make_room(self) -> bool:
        """Only packed ones count and go: nobody knows yet how small the others will be."""
        sizes = {entry: _size(kept) for entry, kept in self._kept.items() if isinstance(kept, list)}
        used, went = sum(sizes.values()), False
        for entry, size in sizes.items():
            if used <= self._cap:
                break
            del self._kept[entry]
            used, went = used - size, True
        return went


def _packed(pixels: Buffer, sample_bytes: int) -> list[bytes]:
    """Every byte of the samples by itself: the high ones of neighbours are alike, and pack well."""
    packer, packed = zlib.compressobj(1), []
    view = memoryview(pixels).cast("B")
    for place in range(sample_bytes):
        plane = view[place::sample_bytes]
        for start in range(0, len(plane), _PIECE):
            packed.append(packer.compress(plane[start : start + _PIECE].tobytes()))
    packed.append(packer.flush())
    return [piece for piece in packed if piece]


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


def _size(kept: bytes | bytearray | list[bytes]) -> int:
    return sum(map(len, kept)) if isinstance(kept, list) else len(kept)


def _sample_bytes(entry: Entry) -> int:
    return _SAMPLE_BYTES[entry.picture.sample_type]
