"""A picture as it was read: pixels, what reading did to them, and what belongs to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class PictureError(ValueError):
    """Raised for a file that is not read as a picture; ``sentence`` says why and what to do."""

    def __init__(self, sentence: str, *, too_large: bool = False) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.too_large = too_large


class NoteKind(Enum):
    """What reading did to a picture; ``Note.number`` is what stands in brackets."""

    FRAMES = "frames"  # of an animation only the first was taken (of how many)
    PAGES = "pages"  # of several pages or layers only the first was taken (of how many)
    BANDS = "bands"  # samples that are neither colour nor alpha were left out (how many)
    CONVERTED = "converted"  # to sRGB, from other colours
    PROFILE = "profile"  # its colour profile was left out
    EXIF = "exif"  # its EXIF data is damaged
    CUT = "cut"  # values outside of black and white were cut off (the share of them)
    ASSUMED = "assumed"  # what its values mean was assumed (the value taken as white)
    FEW_BITS = "few bits"  # far less than its range is used (the greatest value)


@dataclass(frozen=True)
class Note:
    """Something that reading converted or left out, as a sentence for people."""

    kind: NoteKind
    sentence: str
    number: float = 0


class PngChunk(NamedTuple):
    """A chunk of a PNG file: its four letters and its body."""

    kind: bytes
    body: bytes


@dataclass(frozen=True)
class Carried:
    """What belongs to a picture besides its pixels and goes with them into a result; all of it fits upright pixels.

    ``exif`` begins with a TIFF header (no "Exif\\0\\0"), ``resolution`` is in pixels per inch across and down,
    ``png_colour`` are the chunks gAMA, cHRM, sRGB and cICP as they stand in the file.
    """

    icc_profile: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    resolution: tuple[float, float] | None = None
    png_colour: tuple[PngChunk, ...] = ()


@dataclass(frozen=True)
class Picture:
    """Upright pixels, H x W x 1 (grey) or H x W x 3 (RGB), uint8 or uint16, and straight ``alpha``, H x W, or None.

    ``greatest`` is the greatest value in a file of more than 8 bits, as it stands there; otherwise None.
    """

    kind: str
    pixels: NDArray[Any]
    alpha: NDArray[Any] | None = None
    notes: tuple[Note, ...] = ()
    carried: Carried = field(default_factory=Carried)
    greatest: float | None = None

    def in_colour(self) -> NDArray[Any]:
        """Returns the pixels as H x W x 3, or with alpha as H x W x 4; grey is repeated."""
        colour = np.repeat(self.pixels, 3, axis=2) if self.pixels.shape[2] == 1 else self.pixels
        return colour if self.alpha is None else np.concatenate((colour, self.alpha[..., np.newaxis]), axis=2)
