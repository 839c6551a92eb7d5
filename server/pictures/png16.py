"""Writes 16-bit PNG files, which Pillow cannot."""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {3: 2, 4: 6}
_FILTER_UP = 2


def encode_png16(pixels: NDArray[np.uint16]) -> bytes:
    """Returns the bytes of a PNG file with these H x W x 3 or H x W x 4 samples."""
    height, width, channels = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 16, _COLOUR_TYPES[channels], 0, 0, 0)
    image = chunk(b"IDAT", zlib.compress(_filter_rows(pixels)))
    return b"".join((_SIGNATURE, chunk(b"IHDR", header), image, chunk(b"IEND", b"")))


def chunk(kind: bytes, body: bytes) -> bytes:
    """Returns a chunk as it stands in a PNG file."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _filter_rows(pixels: NDArray[np.uint16]) -> bytes:
    """Applies PNG's row filter "Up": each byte minus the one above it, each row preceded by the filter's number."""
    height, width, channels = pixels.shape
    rows = pixels.astype(">u2").view(np.uint8).reshape(height, width * channels * 2)
    filtered = np.empty((height, rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = _FILTER_UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    return filtered.tobytes()
