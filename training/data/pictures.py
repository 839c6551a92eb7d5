"""Reads a picture of any common kind as 8-bit RGB."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm"})


class UnreadablePicture(Exception):
    """Its text says in a few words why."""


def read_picture(path: Path) -> Image.Image:
    """The picture as RGB, upright; the first frame of an animation; transparency on white; 16 bits rounded to 8.

    Raises UnreadablePicture, whatever is wrong with the file.
    """
    try:
        with Image.open(path) as image:
            image.load()
            return _as_rgb(ImageOps.exif_transpose(image))
    except Exception as error:  # damaged files raise nearly anything, SyntaxError included
        raise UnreadablePicture(_reason(error)) from None


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        levels = np.clip(np.asarray(image, dtype=np.float64) / 257, 0, 255)
        return Image.fromarray((levels + 0.5).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")


def _reason(error: Exception) -> str:
    match error:
        case Image.DecompressionBombError():
            return "it is far too large"
        case UnidentifiedImageError():
            return "it is not a picture, or is damaged"
        case OSError() if error.errno is not None:
            return (error.strerror or "it cannot be opened").lower()
        case _:
            return "it is damaged or incomplete"
