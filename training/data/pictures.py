"""Reads a picture of any kind as 8-bit pixels, with the channels and at the size that training asks for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pleinair.pictures.headers import MOST_PIXELS
from pleinair.pictures.levels import PLAIN, Scale, to_bytes
from pleinair.pictures.picture import Picture, PictureError
from pleinair.pictures.reading import read_picture as read_file

from training.data.reading import WHITE, Colour, Reading

LAID = "laid"  # a finding: transparent parts show the background
DEEP = "deep"  # a finding: the file has more than 8 bits, of which this is the greatest value

Size = tuple[int, int]  # width, height
Finding = tuple[str, float]  # LAID, DEEP or the value of a NoteKind, and its number


class UnreadablePicture(Exception):
    """Raised when a file cannot be read as a picture; the text is a sentence that says why."""


@dataclass(frozen=True)
class ResizedPicture:
    """Pixels (h, w, channels), the size of the picture that they were made of, and what a person should know of it."""

    pixels: NDArray[np.uint8]
    own_size: Size
    findings: tuple[Finding, ...] = ()


def read_picture(path: Path, channels: int = 3, background: Colour = WHITE) -> Image.Image:
    """Reads a picture as ``pleinair.pictures`` does, with ``channels`` (1 grey, 2 grey and alpha, 3 RGB, 4 RGB and
    alpha) of 8 bits; without alpha, transparent parts show the background. Raises UnreadablePicture."""
    return _with_channels(_read(path), channels, background)


def read_resized(path: Path, reading: Reading) -> ResizedPicture:
    """Reads a picture as ``reading`` says. Raises UnreadablePicture, whatever is wrong with the file."""
    # JPEGs are not decoded at a fraction of their size. It would halve the time of one start, but even at three times
    # the size that is needed, the textures of a painting would differ by up to 17 of 255 levels.
    picture = _read(path, reading.scale)
    own_size = picture.pixels.shape[1], picture.pixels.shape[0]
    width, height = reading.size_of(*own_size)
    if width * height > MOST_PIXELS:
        raise UnreadablePicture("The picture is far too long and narrow; cut it into pieces.")
    image = _with_channels(picture, reading.channels, reading.background)
    image = image.resize((width, height), Image.Resampling.BICUBIC)
    pixels = np.array(image).reshape(height, width, reading.channels)
    return ResizedPicture(pixels, own_size, tuple(_findings(picture, reading.channels)))


def _read(path: Path, scale: Scale = PLAIN) -> Picture:
    try:
        return read_file(path, scale=scale)
    except PictureError as error:
        raise UnreadablePicture(error.sentence) from None
    except OSError as error:
        raise UnreadablePicture(f"The file system reports: {error.strerror or error}.") from None


def _with_channels(picture: Picture, channels: int, background: Colour) -> Image.Image:
    image = _image(picture)
    if channels in (2, 4):
        image = image.convert("RGBA")
        return image if channels == 4 else image.convert("LA")
    if picture.alpha is not None:
        below = Image.new("RGBA", image.size, background)
        image = Image.alpha_composite(below, image.convert("RGBA"))
    return image.convert("L" if channels == 1 else "RGB")


def _image(picture: Picture) -> Image.Image:
    levels = to_bytes(picture.pixels)
    if picture.alpha is not None:
        levels = np.concatenate((levels, to_bytes(picture.alpha)[..., np.newaxis]), axis=2)
    return Image.fromarray(levels[..., 0] if levels.shape[2] == 1 else levels)


def _findings(picture: Picture, channels: int) -> list[Finding]:
    findings = [(note.kind.value, note.number) for note in picture.notes]
    if picture.greatest is not None:
        findings.append((DEEP, picture.greatest))
    if picture.alpha is not None and channels in (1, 3) and picture.alpha.min() < np.iinfo(picture.alpha.dtype).max:
        findings.append((LAID, 1))
    return findings
