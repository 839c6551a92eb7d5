"""Writes results: pixels, and what travels with them, as a file of any format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pleinair.pictures.picture import Carried

from server.pictures.exif import for_result
from server.pictures.fitting import colour_chunks_note, fitted_carried, fitted_pixels
from server.pictures.formats import AVIF, DEFAULT_QUALITY, JPEG, PNG, TIFF, WEBP, Format
from server.pictures.lossy import encode_avif, encode_jpeg, encode_webp
from server.pictures.png_result import encode_png_result
from server.pictures.tiff_result import encode_tiff

Encoder = Callable[[NDArray[Any], Carried, int], bytes]


class Result(NamedTuple):
    """A file's bytes, and sentences about what the format could not hold."""

    data: bytes
    notes: tuple[str, ...]


def encode_result(pixels: NDArray[Any], carried: Carried, form: Format, quality: int = DEFAULT_QUALITY) -> Result:
    """Encodes H x W x 3 (RGB) or H x W x 4 (straight alpha) pixels, uint8 or uint16. ``quality``, 1 to 100, is for
    lossy formats; WebP of 100 loses nothing. Raises PictureError for a picture that is too long for the format."""
    form.check_size(*pixels.shape[:2])
    pixels, notes = fitted_pixels(pixels, form)
    carried, odd = for_result(carried, form)
    carried, long = fitted_carried(carried, form)
    data = _ENCODERS[form](np.ascontiguousarray(pixels), carried, quality)
    return Result(data, (*notes, *odd, *long, *colour_chunks_note(carried, form)))


_ENCODERS: Mapping[Format, Encoder] = {
    PNG: lambda pixels, carried, quality: encode_png_result(pixels, carried),
    TIFF: lambda pixels, carried, quality: encode_tiff(pixels, carried),
    JPEG: encode_jpeg,
    WEBP: encode_webp,
    AVIF: encode_avif,
}
