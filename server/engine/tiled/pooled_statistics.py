"""The statistics of a whole from those of its parts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Statistics:
    """Mean and variance of every channel, in float64, without sums of squares, which would lose their digits: Chan,
    Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances" (1979), equation
    2.1."""

    def __init__(self, channels: int) -> None:
        self._count = 0
        self._squares = np.zeros(channels)
        self.mean = np.zeros(channels)

    def add(self, count: int, mean: NDArray[Any], square: NDArray[Any]) -> None:
        """Of ``count`` values the mean, and the mean squared distance from it."""
        together = self._count + count
        apart = mean.astype(np.float64) - self.mean
        self._squares += square.astype(np.float64) * count + apart**2 * (self._count * count / together)
        self.mean += apart * (count / together)
        self._count = together

    @property
    def variance(self) -> NDArray[np.float64]:
        return self._squares / self._count
