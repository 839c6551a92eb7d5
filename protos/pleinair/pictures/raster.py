"""Decoded samples with what they mean, before they become levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from pleinair.pictures.picture import Note


@dataclass(frozen=True)
class Raster:
    """``samples``, H x W x 1 (grey) or H x W x 3 (RGB), as they stand in the file, and straight ``alpha``, H x W.

    ``white`` is the value that is white (0 is black), or None for floating point; ``inverted`` turns them round.
    ``orientation`` is EXIF's, 1 to 8.
    """

    samples: NDArray[Any]
    white: int | None = 255
    alpha: NDArray[Any] | None = None
    inverted: bool = False
    notes: tuple[Note, ...] = ()
    orientation: int = 1

    @property
    def is_deep(self) -> bool:
        """Whether the samples need more than 8 bits."""
        return self.white is None or self.white > 255


def grey_or_colour(samples: NDArray[Any], white: int | None = 255, notes: tuple[Note, ...] = ()) -> Raster:
    """Returns the raster of H x W (grey) or H x W x C samples, of which the last is alpha where C is 2 or 4."""
    if samples.ndim == 2:
        samples = samples[..., None]
    if samples.shape[2] in (1, 3):
        return Raster(samples, white, notes=notes)
    return Raster(samples[..., :-1], white, samples[..., -1], notes=notes)
