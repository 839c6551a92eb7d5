"""Turns samples of any depth into levels of 8 bits, or of 16 where the file has more than 8."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pleinair.pictures.picture import Note, NoteKind
from pleinair.pictures.raster import Raster

FEW = 1 / 4  # of the range: pictures whose values all stay below it do not use their bits

_AT_ONCE = 1 << 20  # samples that are converted in floating point at a time


@dataclass(frozen=True)
class Scale:
    """Which values of a file of more than 8 bits become black and white; None is the kind's own. Files in which 0 is
    white are turned round afterwards. Raises ValueError unless black is below white."""

    black: float | None = None
    white: float | None = None

    def __post_init__(self) -> None:
        if self.black is not None and self.white is not None and not self.black < self.white:
            raise ValueError(f"black is {self.black:g} and white {self.white:g}, but black must be below white")


PLAIN = Scale()

Levels = tuple[NDArray[Any], NDArray[Any] | None, tuple[Note, ...], float | None]


def to_levels(raster: Raster, scale: Scale = PLAIN) -> Levels:
    """Returns pixels and alpha, both uint8 or both uint16, notes, and the greatest value of a deep file, or None."""
    notes: tuple[Note, ...] = ()
    greatest = None
    if raster.is_deep:
        values = _measured(raster.samples)
        white = _white(raster, values, scale)
        black = 0.0 if scale.black is None else scale.black
        notes = tuple(_notes(raster, values, black, white, scale))
        pixels, greatest = _levels(raster.samples, black, white, np.dtype(np.uint16)), values.highest
    else:
        pixels = _levels(raster.samples, 0, raster.white or 255, np.dtype(np.uint8))
    if raster.inverted:
        pixels = np.iinfo(pixels.dtype).max - pixels
    alpha = None if raster.alpha is None else _alpha_levels(raster.alpha, raster.white, pixels.dtype)
    return pixels, alpha, notes, greatest


def to_bytes(levels: NDArray[Any]) -> NDArray[np.uint8]:
    """Rounds levels of 16 bits to 8; those of 8 bits stay."""
    if levels.dtype == np.uint8:
        return levels
    rounded: NDArray[np.uint8] = ((levels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return rounded


@dataclass(frozen=True)
class _Values:
    lowest: float
    highest: float
    mean: float = 0.0  # of floating point only
    all_numbers: bool = True


_BLACK = _Values(0, 0, all_numbers=False)


def _measured(samples: NDArray[Any]) -> _Values:
    """Measures the finite samples; a file without any counts as black."""
    if samples.dtype.kind != "f":
        return _Values(float(samples.min()), float(samples.max()))
    lowest, highest, total, count = np.inf, -np.inf, 0.0, 0
    for band in _bands(samples):
        finite = band[np.isfinite(band)]
        lowest, highest = min(lowest, finite.min(initial=np.inf)), max(highest, finite.max(initial=-np.inf))
        total, count = total + float(finite.sum(dtype=np.float64)), count + finite.size
    return _Values(float(lowest), float(highest), total / count, count == samples.size) if count else _BLACK


def _white(raster: Raster, values: _Values, scale: Scale) -> float:
    """Floating-point pictures hold 0 to 1, or 0 to 255: then they are above 1 on average. Whole numbers of 32 bits hold
    what 16 bits do, or use their own range."""
    if scale.white is not None:
        return scale.white
    if raster.white is None:
        return 255.0 if values.highest > 1 and values.mean > 1 else 1.0
    return float(np.iinfo(raster.samples.dtype).max) if values.highest > raster.white else raster.white


def _alpha_levels(alpha: NDArray[Any], white: int | None, kind: np.dtype[Any]) -> NDArray[Any]:
    highest = alpha.max()
    if white is None:
        full = 255.0 if highest > 1 else 1.0
    else:
        full = float(np.iinfo(alpha.dtype).max) if highest > white else white
    return _levels(alpha, 0, full, kind)


def _notes(raster: Raster, values: _Values, black: float, white: float, scale: Scale) -> Iterator[Note]:
    low, high = f"{values.lowest:g}", f"{values.highest:g}"
    if raster.white is None and scale.white is None and white > 1:
        yield Note(NoteKind.ASSUMED, f"Its values go up to {high}, so 255 was taken for white.", white)
    if values.lowest < black or values.highest > white or not values.all_numbers:
        sentence = f"Its values go from {low} to {high}; what is below {black:g} or above {white:g} was cut off."
        if not values.all_numbers:
            sentence = f"Some of its values are no numbers. {sentence}"
        yield Note(NoteKind.CUT, sentence, values.highest)
    if raster.white is not None and scale == PLAIN and 0 < values.highest < white * FEW:
        sentence = f"Its greatest value is {high} of {white:.0f}, so it uses little of its range."
        yield Note(NoteKind.FEW_BITS, sentence, values.highest)


def _levels(samples: NDArray[Any], black: float, white: float, kind: np.dtype[Any]) -> NDArray[Any]:
    full = int(np.iinfo(kind).max)
    if samples.dtype == kind and (black, white) == (0, full):
        return samples
    levels = np.empty(samples.shape, kind)
    for target, band in zip(_bands(levels), _bands(samples), strict=True):
        share = np.nan_to_num((band.astype(np.float64) - black) / (white - black))
        target[...] = np.floor(share.clip(0, 1) * full + 0.5)
    return levels


def _bands(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    rows = max(1, _AT_ONCE // max(1, array[0].size))
    return (array[start : start + rows] for start in range(0, len(array), rows))
