"""Reads PNG files in full depth: Pillow decodes those of 16 bits to only 8 bits a sample."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL.ImageFile import ImageFile
from PIL.PngImagePlugin import PngImageFile

from pleinair.pictures.raster import Raster, grey_or_colour


def read_deep(image: ImageFile, data: bytes) -> Raster | None:
    """Returns the raster of an opened 16-bit PNG; None for other depths. Raises what Pillow does for a broken file."""
    layout = str(image.tile[0].args)
    if not layout.endswith("16B"):
        return None
    raster = grey_or_colour(_samples(data, layout), 65535)
    return with_transparent(raster, image.info.get("transparency"))


def with_transparent(raster: Raster, colour: object, factor: int = 1) -> Raster:
    """Returns the raster with alpha 0 where it has this one colour, and white elsewhere; unchanged for None. Samples
    were multiplied by ``factor``."""
    if isinstance(colour, int):
        colour = (colour * factor,)
    if not isinstance(colour, tuple):
        return raster
    opaque = (raster.samples != np.array(colour)).any(axis=2)
    return replace(raster, alpha=opaque * np.array(raster.white, raster.samples.dtype))


def _samples(data: bytes, layout: str) -> NDArray[np.uint16]:
    """Returns every sample, H x W or H x W x C with C = 2 to 4; ``layout`` is Pillow's name for the file's."""
    if layout == "I;16B":
        return _decode_as(data, layout)
    if layout == "LA;16B":
        # Two samples of 16 bits are as wide as four of 8 bits: read as RGBA, every byte comes through untouched.
        return _decode_as(data, "RGBA").view(">u2").astype(np.uint16)
    # Pillow keeps one byte of each sample: the first when told that they are big-endian, which they are, and the
    # second when told that they are little-endian.
    high, low = _decode_as(data, layout), _decode_as(data, layout.replace("16B", "16L"))
    samples: NDArray[np.uint16] = np.left_shift(high, 8, dtype=np.uint16) | low
    return samples


def _decode_as(data: bytes, layout: str) -> NDArray[Any]:
    image = PngImageFile(io.BytesIO(data))
    image.tile = [tile._replace(args=layout) for tile in image.tile]
    return np.asarray(image)
