"""Writes PNG files of 8 or 16 bits, with what travels with a picture (PNG, third edition)."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pleinair.pictures.picture import Carried, PngChunk

from server.pictures.png16 import chunk, encode_png16

_HEADER_END = 8 + 25  # after the signature and IHDR
_INCHES_PER_METRE = 1 / 0.0254
_LARGEST = 2**31 - 1  # number in a chunk


def encode_png_result(pixels: NDArray[Any], carried: Carried) -> bytes:
    """Encodes H x W x 3 or 4 pixels, uint8 or uint16; values stay as they are, and so do the words about them."""
    png = memoryview(_encoded(pixels))
    return b"".join((png[:_HEADER_END], *(chunk(*one) for one in _chunks(carried)), png[_HEADER_END:]))


def _encoded(pixels: NDArray[Any]) -> bytes:
    if pixels.dtype == np.uint16:
        return encode_png16(pixels)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def _chunks(carried: Carried) -> Iterator[PngChunk]:
    if carried.icc_profile:
        yield PngChunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(carried.icc_profile))
    for one in carried.png_colour:
        if not (one.kind == b"sRGB" and carried.icc_profile):  # a file has one or the other, and the profile goes first
            yield one
    if carried.resolution:
        per_metre = [min(round(number * _INCHES_PER_METRE), _LARGEST) for number in carried.resolution]
        yield PngChunk(b"pHYs", struct.pack(">IIB", *per_metre, 1))
    if carried.exif:
        yield PngChunk(b"eXIf", carried.exif)
    if carried.xmp:
        yield PngChunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + carried.xmp)
