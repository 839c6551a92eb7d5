"""Reads a picture of any common kind as 8-bit pixels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from training.data.reading import WHITE, Colour, Reading

MOST_PIXELS = 2 * 89_478_485  # above it Pillow refuses to decode; enlarged pictures have the same limit

Size = tuple[int, int]  # width, height
Answer = TypeVar("Answer")


class UnreadablePicture(Exception):
    """Raised when a file cannot be read as a picture; the text says why in a few words."""


def read_picture(path: Path, channels: int = 3, background: Colour = WHITE) -> Image.Image:
    """Reads a picture, turned upright, with ``channels`` (1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha).

    Takes the first frame of an animation and rounds 16 bits to 8; where ``channels`` has no alpha, transparent parts
    show the background. Raises UnreadablePicture, whatever is wrong with the file.
    """
    return _read(path, lambda image: _with_channels(_decoded(image), channels, background))


def read_resized(path: Path, reading: Reading) -> tuple[NDArray[np.uint8], Size]:
    """Returns pixels (h, w, channels) at the reading's size, and the picture's own size. Raises UnreadablePicture."""
    return _read(path, lambda image: _resized(image, reading))


def _read(path: Path, use: Callable[[Image.Image], Answer]) -> Answer:
    try:
        with Image.open(path) as image:
            return use(image)
    except UnreadablePicture:
        raise
    except Exception as error:  # damaged files raise nearly anything, SyntaxError included
        raise UnreadablePicture(_reason(error)) from None


def _resized(image: Image.Image, reading: Reading) -> tuple[NDArray[np.uint8], Size]:
    # JPEGs are not decoded at a fraction of their size. It would halve the time of one start, but even at three times
    # the size that is needed, the textures of a painting would differ by up to 17 of 255 levels.
    picture = _decoded(image)
    own_size = picture.size
    width, height = reading.size_of(*own_size)
    if width * height > MOST_PIXELS:
        raise UnreadablePicture("it is far too long and narrow")
    picture = _with_channels(picture, reading.channels, reading.background)
    picture = picture.resize((width, height), Image.Resampling.BICUBIC)
    return np.array(picture).reshape(height, width, reading.channels), own_size


def _decoded(image: Image.Image) -> Image.Image:
    image.load()
    return ImageOps.exif_transpose(image)


def _with_channels(image: Image.Image, channels: int, background: Colour) -> Image.Image:
    image = _eight_bits(image)
    if channels in (2, 4):
        image = image.convert("RGBA")
        return image if channels == 4 else image.convert("LA")
    if image.has_transparency_data:
        below = Image.new("RGBA", image.size, background)
        image = Image.alpha_composite(below, image.convert("RGBA"))
    return image.convert("L" if channels == 1 else "RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    if not image.mode.startswith(("I", "F")):
        return image
    levels = np.nan_to_num(np.asarray(image, dtype=np.float64))
    if image.mode.startswith("I"):
        levels = levels / 257
    elif levels.max(initial=0) <= 1:  # floating-point files usually hold 0 to 1
        levels = levels * 255
    return Image.fromarray((levels.clip(0, 255) + 0.5).astype(np.uint8))


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
