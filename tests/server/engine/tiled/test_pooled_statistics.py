"""Statistics from uneven parts, against float64 over the whole."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as some
from numpy.typing import NDArray

from server.engine.tiled.pooled_statistics import PooledStatistics


def of_parts(values: NDArray[np.float64], cuts: list[int]) -> PooledStatistics:
    """``values``: pixels x channels; every part's own statistics are float32, as a sweep gives them."""
    statistics = PooledStatistics(values.shape[1])
    for part in np.split(values, sorted(cuts)):
        if len(part):
            mean = part.mean(axis=0).astype(np.float32)
            square = np.square(part - mean).mean(axis=0).astype(np.float32)
            statistics.add(len(part), mean, square)
    return statistics


@given(some.lists(some.integers(0, 5000), max_size=12), some.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_a_mean_far_above_the_spread_costs_no_digits(cuts: list[int], seed: int) -> None:
    """10,000 times the spread: the square of the mean alone would leave float32 nothing of the variance."""
    values = 1e4 + np.random.default_rng(seed).standard_normal((5000, 3)).astype(np.float32).astype(np.float64)
    statistics = of_parts(values, cuts)
    np.testing.assert_allclose(statistics.mean, values.mean(axis=0), rtol=1e-7)
    np.testing.assert_allclose(statistics.variance, values.var(axis=0), rtol=2e-3)


def test_parts_whose_means_differ_are_told_apart() -> None:
    """Most of the variance lies between the parts, as in a picture with a dark and a bright half."""
    random = np.random.default_rng(0)
    values = np.concatenate([random.standard_normal((70, 4)) - 300, random.standard_normal((3000, 4)) + 500])
    statistics = of_parts(values, [70, 71, 1000])
    np.testing.assert_allclose(statistics.mean, values.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(statistics.variance, values.var(axis=0), rtol=1e-6)


def test_a_flat_channel_has_no_variance() -> None:
    statistics = of_parts(np.full((100, 1), 0.1), [3, 50])
    np.testing.assert_allclose(statistics.variance, [0], atol=1e-15)
