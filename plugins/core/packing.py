"""Compresses pixels without loss."""

from __future__ import annotations

import zlib

from ..client.wire import Buffer

_FASTEST = 1  # zlib's level; a layer of 64 MiB takes about a second
_PIECE = 1 << 20  # bytes after which other threads get a turn


def packed(pixels: Buffer, sample_bytes: int) -> list[bytes]:
    """Compresses the samples' first bytes, then their second ones and so on: similar bytes compress well."""
    packer, pieces = zlib.compressobj(_FASTEST), []
    view = memoryview(pixels).cast("B")
    for place in range(sample_bytes):
        plane = view[place::sample_bytes]
        for start in range(0, len(plane), _PIECE):
            pieces.append(packer.compress(plane[start : start + _PIECE].tobytes()))
    pieces.append(packer.flush())
    return pieces


def unpacked(pieces: list[bytes], sample_bytes: int) -> bytearray:
    """Returns the pixels that were given to ``packed``. Raises zlib.error for anything else."""
    unpacker, planes = zlib.decompressobj(), bytearray()
    for piece in pieces:
        planes += unpacker.decompress(piece)
    planes += unpacker.flush()
    if sample_bytes == 1:
        return planes
    pixels, length = bytearray(len(planes)), len(planes) // sample_bytes
    for place in range(sample_bytes):
        pixels[place::sample_bytes] = planes[place * length : (place + 1) * length]
    return pixels


def size(pieces: list[bytes]) -> int:
    """Returns the size of all pieces together, in bytes."""
    return sum(map(len, pieces))
