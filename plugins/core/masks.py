"""Multiplies selections into a result's alpha, in pure Python; fast wherever the selection has no soft edges."""

from __future__ import annotations

import re
import struct
from array import array
from collections.abc import Sequence
from typing import Literal

from ..client.messages import Channels, SampleType

_BLOCK = 1 << 16  # pixels; steps this short leave time for the editor's interface
_SOFT = re.compile(rb"[^\x00\xff]+")
_NOT_ZERO = bytes([0]) + bytes([255]) * 255
_CODES: dict[int, Literal["B", "H", "I"]] = {
    SampleType.UINT8: "B",
    SampleType.UINT16: "H",
    SampleType.FLOAT16: "H",
    SampleType.FLOAT32: "I",
}


def multiply_alpha(pixels: bytearray, selection: bytes, channels: int, sample_type: int) -> None:
    """Sets every alpha to alpha * selection / 255, rounded to the nearest value of its type.

    ``selection`` has one byte per pixel; ``pixels`` are in native byte order. Raises ValueError when their sizes do
    not match or the pixels have no alpha.
    """
    if channels not in (Channels.GREY_ALPHA, Channels.RGBA):
        raise ValueError("These pixels have no alpha.")
    code = _CODES[sample_type]
    if len(pixels) != len(selection) * channels * struct.calcsize(code):
        raise ValueError(f"{len(pixels)} bytes of pixels do not fit a selection of {len(selection)} pixels.")
    alphas = memoryview(pixels).cast("B").cast(code)[channels - 1 :: channels]
    for start in range(0, len(selection), _BLOCK):
        part = bytes(selection[start : start + _BLOCK])
        if part.count(255) < len(part):
            block = alphas[start : start + len(part)]
            block[:] = memoryview(_multiplied(block.tobytes(), part, sample_type)).cast(code)


def _multiplied(alphas: bytes, selection: bytes, sample_type: int) -> bytearray:
    size = len(alphas) // len(selection)
    if alphas == alphas[:size] * len(selection):
        return _multiplied_constant(alphas[:size], selection, sample_type)
    return _multiplied_each(alphas, selection, sample_type)


def _multiplied_constant(alpha: bytes, selection: bytes, sample_type: int) -> bytearray:
    """Multiplies one alpha that all pixels share, as in opaque layers: a lookup table for each of its bytes."""
    size = len(alpha)
    products = _products(alpha * 256, range(256), sample_type)
    result = bytearray(size * len(selection))
    for place in range(size):
        result[place::size] = selection.translate(products[place::size])
    return result


def _multiplied_each(alphas: bytes, selection: bytes, sample_type: int) -> bytearray:
    """Masks bits where the selection is 0 or 255, and multiplies only the values in between."""
    size = len(alphas) // len(selection)
    mask = bytearray(len(alphas))
    for place in range(size):
        mask[place::size] = selection.translate(_NOT_ZERO)
    kept = int.from_bytes(alphas, "little") & int.from_bytes(mask, "little")
    result = bytearray(kept.to_bytes(len(alphas), "little"))
    for run in _SOFT.finditer(selection):
        there = slice(run.start() * size, run.end() * size)
        result[there] = _products(alphas[there], run[0], sample_type)
    return result


def _products(alphas: bytes, selection: Sequence[int], sample_type: int) -> bytes:
    """Multiplies one by one, rounded to nearest. There are no ties: 255 is odd, so no product of integers lies
    half-way between two, and no product of floats is so near to half-way that its rounding to a double matters."""
    if sample_type == SampleType.FLOAT16:
        halves = struct.unpack(f"{len(selection)}e", alphas)
        return struct.pack(f"{len(selection)}e", *[alpha * share / 255 for alpha, share in zip(halves, selection)])
    if sample_type == SampleType.FLOAT32:
        floats = array("f", alphas)
        return array("f", [alpha * share / 255 for alpha, share in zip(floats, selection)]).tobytes()
    code = _CODES[sample_type]
    whole = array(code, alphas)
    return array(code, [(2 * alpha * share + 255) // 510 for alpha, share in zip(whole, selection)]).tobytes()
