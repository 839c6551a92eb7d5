"""Puts the strips or tiles of a TIFF page together to an array of its samples."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pleinair.pictures.tiff.chunks import UNPACKED, Chunks, undo_predictor
from pleinair.pictures.tiff.tags import FLOAT, SIGNED, UNSIGNED, Page

_LETTERS = {UNSIGNED: "u", SIGNED: "i", FLOAT: "f"}
_WIDTHS = {UNSIGNED: (8, 16, 32), SIGNED: (8, 16, 32), FLOAT: (16, 32, 64)}
_MOST_SAMPLES = 32  # a pixel; more is no picture, or damage
_WITH_PREDICTOR = (5, 8, 32946, 50000, 34925)


def can_arrange(page: Page) -> bool:
    """Whether ``arranged`` reads the page: samples of one type and width, compressed in a way that is unpacked."""
    if page.compression not in UNPACKED or not page.samples == len(page.bits) <= _MOST_SAMPLES or len({*page.bits}) > 1:
        return False
    if len({*page.formats}) != 1 or not page.numbers(273, page.numbers(324)):
        return False
    bits, kind = page.bits[0], page.formats[0]
    packed = kind == UNSIGNED and 1 <= bits < 16 and _predictor(page) == 1
    return packed or (bits in _WIDTHS.get(kind, ()) and _predictor(page) in ((1, 2, 3) if kind == FLOAT else (1, 2)))


def arranged(page: Page, data: bytes) -> NDArray[Any]:
    """Returns H x W x samples as they are stored, in the smallest type that holds them. Raises for a damaged file."""
    width, height = page.size
    if not page.is_planar:
        return _plane(page, data, page.samples, slice(None))[:height, :width]
    chunks = len(page.numbers(273, page.numbers(324))) // page.samples
    planes = [_plane(page, data, 1, slice(at * chunks, (at + 1) * chunks)) for at in range(page.samples)]
    return np.concatenate(planes, axis=2)[:height, :width]


def _plane(page: Page, data: bytes, samples: int, which: slice) -> NDArray[Any]:
    width, height = page.size
    is_tiled = page.tags.get(324) is not None
    columns, rows = (page.number(322, 0), page.number(323, 0)) if is_tiled else (width, page.number(278, height))
    rows = rows if is_tiled else min(rows, height)
    if columns * rows > 4 * max(width * height, 1 << 20):
        raise ValueError(f"tiles of {columns} x {rows} pixels for a picture of {width} x {height}")
    across, down = -(-width // columns), -(-height // rows)
    chunks = Chunks(page.compression, -(-columns * samples * page.bits[0] // 8), rows, page.number(266, 1) == 2)
    total = rows * across * down if is_tiled else height
    packed = _packed(page, data, which, chunks)[: -(-total // rows)]
    numbers = _numbers(page, chunks.unpack(packed, total), columns, samples)
    if not is_tiled:
        return numbers
    tiles = numbers.reshape(down, across, rows, columns, samples).swapaxes(1, 2)
    return tiles.reshape(down * rows, across * columns, samples)


def _packed(page: Page, data: bytes, which: slice, chunks: Chunks) -> list[bytes]:
    is_tiled = page.tags.get(324) is not None
    offsets = page.numbers(324 if is_tiled else 273)[which]
    counts = page.numbers(325 if is_tiled else 279)[which] or (len(data),) * len(offsets)
    # No compression makes so much more of its bytes; what else a file says belongs to a chunk would only fill memory.
    most = 4 * chunks.rows * chunks.row_bytes + 1024
    return [data[offset : offset + min(count, most)] for offset, count in zip(offsets, counts, strict=True)]


def _numbers(page: Page, rows: NDArray[np.uint8], columns: int, samples: int) -> NDArray[Any]:
    """Rows of bytes -> rows x columns x samples."""
    bits = page.bits[0]
    if bits % 8 or bits == 24:
        numbers = _unpacked_bits(rows, bits, columns * samples)
    else:
        order = "<" if page.tags.prefix == b"II" else ">"
        number = np.dtype(f"{order}{_LETTERS[page.formats[0]]}{bits // 8}")
        numbers = undo_predictor(rows, _predictor(page), samples, number)
    return numbers.reshape(len(rows), columns, samples)


def _unpacked_bits(rows: NDArray[np.uint8], bits: int, count: int) -> NDArray[Any]:
    """Returns the numbers of 1 to 15 bits that stand one after the other in each row, highest bit first."""
    numbers = np.zeros((len(rows), count), np.uint8 if bits <= 8 else np.uint16)
    for row, packed in zip(numbers, rows, strict=True):
        single = np.unpackbits(packed, count=count * bits).reshape(count, bits)
        for bit in range(bits):
            row |= single[:, bit].astype(numbers.dtype) << (bits - 1 - bit)
    return numbers


def _predictor(page: Page) -> int:
    return page.number(317, 1) if page.compression in _WITH_PREDICTOR else 1
