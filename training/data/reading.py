"""The size and the channels at which pictures are read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pleinair.pictures.levels import PLAIN, Scale

from training.errors import InputError

Colour = tuple[int, int, int]
LEAST_CROP = 32  # pixels; the networks have nothing left to look at below that
WHITE: Colour = (255, 255, 255)

STRATEGIES = {
    "resize": "to a square of the load size, aspect not kept, as published",
    "fit": "shorter side to the load size, aspect kept",
    "crop": "size kept",
    "patch": "SinCUT's zoom-and-patch",
}
CHANNELS = {1: "grey", 2: "grey and alpha", 3: "RGB", 4: "RGB and alpha"}


@dataclass(frozen=True)
class Reading:
    """Everything that decides how a file becomes pixels: sizes in pixels, channels, background of transparent parts,
    and which values of files of more than 8 bits are black and white."""

    strategy: str
    load_size: int
    crop_size: int
    channels: int = 3
    background: Colour = WHITE
    scale: Scale = PLAIN

    @property
    def keeps_size(self) -> bool:
        """Whether pictures keep their size, unless the crop needs more."""
        return self.strategy in ("crop", "patch")

    def size_of(self, width: int, height: int) -> tuple[int, int]:
        """Returns the width and height to which a picture of this size is resized."""
        if self.strategy == "resize":
            return self.load_size, self.load_size
        if self.strategy == "fit":
            return _with_shorter_side(width, height, self.load_size)
        if min(width, height) < self.crop_size:
            return _with_shorter_side(width, height, self.crop_size)
        return width, height


def parse_colour(text: str) -> Colour:
    """Reads ``#rrggbb``, ``white`` or ``black``. Raises InputError for anything else."""
    text = {"white": "#ffffff", "black": "#000000"}.get(text, text)
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        raise InputError(f"--background is {text!r}, but must be white, black or a colour like '#f0e6d2'.")
    red, green, blue = bytes.fromhex(text[1:])
    return red, green, blue


def parse_scale(black: float | None, white: float | None) -> Scale:
    """Returns the scale of these options. Raises InputError unless black is below white."""
    try:
        return Scale(black, white)
    except ValueError as error:
        raise InputError(f"--black and --white do not fit: {error}.") from None


def _with_shorter_side(width: int, height: int, side: int) -> tuple[int, int]:
    scale = side / min(width, height)
    return max(side, round(width * scale)), max(side, round(height * scale))
