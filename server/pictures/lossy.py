"""Writes JPEG, WebP and AVIF files."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pleinair.pictures.picture import Carried

from server.pictures.exif import HEADER

_FULL, _HALVED = "4:4:4", "4:2:0"  # how often colour is stored, of how often brightness is
_FULL_FROM = 90  # this quality


def encode_jpeg(pixels: NDArray[np.uint8], carried: Carried, quality: int) -> bytes:
    """Encodes H x W x 3 pixels."""
    subsampling = _FULL if quality >= _FULL_FROM else _HALVED
    return _saved(pixels, "JPEG", carried, quality=quality, subsampling=subsampling, dpi=_whole_dpi(carried))


def encode_webp(pixels: NDArray[np.uint8], carried: Carried, quality: int) -> bytes:
    """Encodes H x W x 3 or 4 pixels, without loss at a quality of 100."""
    if quality == 100:
        return _saved(pixels, "WEBP", carried, lossless=True, exact=True)
    return _saved(pixels, "WEBP", carried, quality=quality)


def encode_avif(pixels: NDArray[np.uint8], carried: Carried, quality: int) -> bytes:
    """Encodes H x W x 3 or 4 pixels."""
    return _saved(pixels, "AVIF", carried, quality=quality, subsampling=_FULL if quality >= _FULL_FROM else _HALVED)


def _saved(pixels: NDArray[np.uint8], kind: str, carried: Carried, **options: Any) -> bytes:
    given = {
        "icc_profile": carried.icc_profile,
        "exif": HEADER + carried.exif if carried.exif else None,
        "xmp": carried.xmp,
        **options,
    }
    file = io.BytesIO()
    with warnings.catch_warnings():  # AVIF's writer reads EXIF data, and warns of what is odd in it
        warnings.simplefilter("ignore")
        Image.fromarray(pixels).save(file, kind, **{name: value for name, value in given.items() if value is not None})
    return file.getvalue()


def _whole_dpi(carried: Carried) -> tuple[int, int] | None:
    """The resolution as JPEG's header can hold it, or None."""
    if carried.resolution is None:
        return None
    across, down = (round(number) for number in carried.resolution)
    return (across, down) if min(across, down) > 0 and max(across, down) < 1 << 16 else None
