"""What a network sees of a picture whose sides are no multiples of its own, and what is left of its result."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from server.engine.pixels import Tensor
from server.engine.source import Band, EightBit, RowSource, TakeBand

Values = TypeVar("Values", bound=np.generic)

# Below it a network's own padding by reflection runs out of picture.
SMALLEST = 16

# Rows are given out in bands of about this many pixels, so that nobody has to convert all of them at once.
_BAND_PIXELS = 1 << 18


def padded_length(length: int, multiple: int, least: int = SMALLEST) -> int:
    """The least multiple that is no less than ``length``, nor than ``least``.

    >>> padded_length(45, 4), padded_length(48, 4), padded_length(3, 4), padded_length(3, 4, 30)
    (48, 48, 16, 32)
    """
    return -(-max(length, least) // multiple) * multiple


class Padded:
    """``source`` with what it lacks to ``height`` and ``width`` at its bottom and right, by reflection, again and again
    where it is smaller than that. A RowSource too."""

    def __init__(self, source: RowSource, height: int, width: int) -> None:
        self._source = source
        self._rows, self._columns = (
            np.pad(np.arange(length), (0, padded - length), mode="reflect")
            for length, padded in ((source.height, height), (source.width, width))
        )

    @property
    def height(self) -> int:
        return len(self._rows)

    @property
    def width(self) -> int:
        return len(self._columns)

    def rows(self, top: int, bottom: int) -> Tensor:
        return self._padded(self._source.rows, 2, top, bottom)

    @property
    def eight_bit(self) -> EightBit | None:
        given = self._source.eight_bit
        if given is None:
            return None
        return EightBit(lambda top, bottom: self._padded(given.rows, 0, top, bottom), given.samples, given.places)

    def _padded(self, read: Callable[[int, int], NDArray[Values]], axis: int, top: int, bottom: int) -> NDArray[Values]:
        """Rows are the given axis of what is read, and columns the next."""
        wanted = self._rows[top:bottom]
        first, last = int(wanted.min()), int(wanted.max()) + 1
        rows = read(first, last)
        if last - first != bottom - top or bottom > self._source.height:
            rows = rows.take(wanted - first, axis)
        return rows if len(self._columns) == self._source.width else rows.take(self._columns, axis + 1)


class Cropped:
    """Takes a padded result's bands and hands ``take`` what belongs to ``source``."""

    def __init__(self, source: RowSource, take: TakeBand) -> None:
        self._source = source
        self._take = take
        self._given = 0

    def __call__(self, band: Band) -> None:
        wanted = band[:, :, : self._source.height - self._given, : self._source.width]
        self._given += wanted.shape[2]
        if wanted.dtype == np.uint8:  # there is little to convert
            self._take(wanted)
        else:
            self._give_out(wanted)

    def _give_out(self, wanted: Band) -> None:
        rows = max(_BAND_PIXELS // wanted.shape[3], 1)
        for top in range(0, wanted.shape[2], rows):
            self._take(wanted[:, :, top : top + rows])
