"""Unpacks the strips or tiles of a TIFF page to the bytes of its samples."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

_NONE, _DEFLATE = (1,), (8, 32946)
_BY_LIBTIFF = (5, 32773, 34925, 50000)  # LZW, PackBits, LZMA, Zstandard
UNPACKED = (*_NONE, *_DEFLATE, *_BY_LIBTIFF)

Bytes = NDArray[np.uint8]

_BIT_ORDER = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True)
class Chunks:
    """Strips or tiles: how they are compressed, the bytes of a row and the rows of each (the last may have fewer)."""

    compression: int
    row_bytes: int
    rows: int
    bits_reversed: bool = False

    def unpack(self, packed: Sequence[bytes], total_rows: int) -> Bytes:
        """Returns total_rows x row_bytes, one chunk below the other. Raises for damaged or missing bytes."""
        if self.bits_reversed:
            packed = [chunk.translate(_BIT_ORDER) for chunk in packed]
        if self.compression in _BY_LIBTIFF:
            return self._by_libtiff(packed, total_rows)
        whole = b"".join(self._bytes(chunk, at, total_rows) for at, chunk in enumerate(packed))
        return np.frombuffer(whole, np.uint8).reshape(total_rows, self.row_bytes)

    def _bytes(self, chunk: bytes, index: int, total_rows: int) -> bytes:
        expected = min(self.rows, total_rows - index * self.rows) * self.row_bytes
        if self.compression in _DEFLATE:
            chunk = zlib.decompressobj().decompress(chunk, expected)
        if len(chunk) < expected:
            raise ValueError(f"{expected} bytes were expected, but {len(chunk)} are there")
        return chunk[:expected]

    def _by_libtiff(self, packed: Sequence[bytes], total_rows: int) -> Bytes:
        # Pillow knows few layouts, but to libtiff packed bytes are bytes: as grey of 8 bits they come out as they are.
        with TiffImageFile(io.BytesIO(self._grey_file(packed, total_rows))) as image:
            # Pillow's limit is for pixels; these are bytes, and where there is room for them already, it is not asked.
            image.im = Image.new(image.mode, image.size).im
            return np.asarray(image)

    def _grey_file(self, packed: Sequence[bytes], total_rows: int) -> bytes:
        offsets, end = [], 8
        for chunk in packed:
            offsets.append(end)
            end += len(chunk)
        tags: list[tuple[int, Sequence[int]]] = [
            (256, [self.row_bytes]),
            (257, [total_rows]),
            (258, [8]),
            (259, [self.compression]),
            (262, [1]),
            (273, offsets),
            (277, [1]),
            (278, [self.rows]),
            (279, [len(chunk) for chunk in packed]),
        ]
        return struct.pack("<2sHI", b"II", 42, end) + b"".join(packed) + _directory(tags, end)


def _directory(tags: Sequence[tuple[int, Sequence[int]]], offset: int) -> bytes:
    """Returns a directory of LONG values that stands at ``offset``, followed by the values that need more room."""
    beside, entries = offset + 2 + 12 * len(tags) + 4, b""
    values: list[int] = []
    for tag, numbers in tags:
        value = numbers[0] if len(numbers) == 1 else beside + 4 * len(values)
        values += [] if len(numbers) == 1 else numbers
        entries += struct.pack("<HHII", tag, 4, len(numbers), value)
    return struct.pack("<H", len(tags)) + entries + bytes(4) + struct.pack(f"<{len(values)}I", *values)


def undo_predictor(rows: Bytes, predictor: int, samples: int, number: np.dtype[Any]) -> NDArray[Any]:
    """Returns rows x (width * samples) numbers of this type, in the machine's byte order, from rows of bytes.

    ``predictor`` is 1 (none), 2 (horizontal differences) or 3 (those of floating point, Adobe's technical note 3).
    """
    if predictor == 3:
        summed = rows.reshape(len(rows), -1, samples).cumsum(axis=1, dtype=np.uint8)
        planes = summed.reshape(len(rows), number.itemsize, -1)
        packed = np.ascontiguousarray(planes.transpose(0, 2, 1)).view(number.newbyteorder(">"))
        return packed.reshape(len(rows), -1).astype(number.newbyteorder("="))
    numbers = np.ascontiguousarray(rows).view(number).astype(number.newbyteorder("="), copy=False)
    if predictor == 2:
        unsigned = np.dtype(f"u{number.itemsize}")
        differences = numbers.view(unsigned).reshape(len(rows), -1, samples)
        return differences.cumsum(axis=1, dtype=unsigned).reshape(len(rows), -1).view(number.newbyteorder("="))
    return numbers
