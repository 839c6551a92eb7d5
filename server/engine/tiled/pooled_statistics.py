"""Mean and variance of a whole picture from those of its tiles, without summing squares, which would lose digits.

Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances" (1979), equation
2.1: two parts with the counts m and n, the means a and b, and the sums of squared distances from these S and T together
have

    the mean a + (b - a) n / (m + n)    and    S + T + (b - a)^2 m n / (m + n).

Take the values 1, 2, 3 of one tile (mean 2, mean squared distance 2/3) and 8, 10 of another (mean 9, distance 1):

>>> pooled = PooledStatistics(channels=1)
>>> pooled.add(3, np.array([2.0]), np.array([2 / 3]))
>>> pooled.add(2, np.array([9.0]), np.array([1.0]))
>>> print(pooled.mean, pooled.variance)
[4.8] [12.56]

The whole, 1, 2, 3, 8, 10, has the same; most of its variance lies between the tiles:

>>> values = np.array([1, 2, 3, 8, 10])
>>> print(values.mean(), values.var().round(10))
4.8 12.56
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from server.engine.network.arrays import Array


class PooledStatistics:
    """Mean and variance of every channel, in float64, of all the parts that were added."""

    def __init__(self, channels: int) -> None:
        self._count = 0
        self._squares = np.zeros(channels)
        self.mean = np.zeros(channels)

    def add(self, count: int, mean: Array, square: Array) -> None:
        """Adds a part of ``count`` pixels: for each channel its mean and the mean squared distance from that."""
        together = self._count + count
        apart = mean.astype(np.float64) - self.mean
        self._squares += square.astype(np.float64) * count + apart**2 * (self._count * count / together)
        self.mean += apart * (count / together)
        self._count = together

    @property
    def variance(self) -> NDArray[np.float64]:
        """The variance of every channel, not corrected for the size of the sample."""
        return self._squares / self._count

    def of_groups(self, groups: int | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and variance, for every channel, of its group of neighbouring channels; None: of the channel itself."""
        if groups is None:
            return self.mean, self.variance
        means, variances = self.mean.reshape(groups, -1), self.variance.reshape(groups, -1)
        mean = means.mean(1, keepdims=True)
        variance = (variances + (means - mean) ** 2).mean(1)
        each = means.shape[1]
        return mean.repeat(each), variance.repeat(each)
