"""Pillow's pictures for a translator, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_AS_THEY_ARE = ("L", "LA", "RGB", "RGBA", "I;16")
_TOO_DEEP = ("I", "F", "I;16B", "I;16L", "I;16N")


def pixels_of(image: Image.Image) -> NDArray[Any]:
    """Returns H x W x C pixels of a picture, uint8 (for the mode I;16 uint16); all but grey becomes RGB or RGBA. Raises
    ValueError for modes whose values could mean anything."""
    if image.mode in _TOO_DEEP:
        raise ValueError(
            f"The picture's mode is {image.mode}, whose black and white nobody knows; convert it to L, I;16 or RGB"
            " first, or translate an array."
        )
    if image.mode not in _AS_THEY_ARE:
        image = image.convert("L" if image.mode == "1" else "RGBA" if image.has_transparency_data else "RGB")
    pixels = np.asarray(image)
    return pixels if pixels.ndim == 3 else pixels[..., np.newaxis]


def picture_of(pixels: NDArray[Any], source: Image.Image) -> Image.Image:
    """Returns a picture of translated pixels, with the profile, EXIF data and resolution of its source."""
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    kept = {"dpi", "exif", "xmp"} | ({"icc_profile"} if source.mode not in ("CMYK", "LAB", "YCbCr") else set())
    picture.info = {name: value for name, value in source.info.items() if name in kept}
    return picture
