"""The mean and variance of a tile in the ONNX graph of a sweep, to the last digits.

float32 loses digits in two ways. A long sum loses those of each number that it grows by, so float32 sums the values of
small groups only, and float64 the groups. And in a nearly even picture few digits differ, so a pivot near the mean is
taken from all values first, which is exact. With d the mean of the rest and q that of its square,

    mean = pivot + d    and    variance = q - d^2.

That d^2 is not large beside the variance, for the pivot is a median, which is never more than a deviation away from the
mean, whatever a few pixels are: that of a sample.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from onnx import TensorProto

from server.engine.network.arrays import Array
from server.engine.tiled.areas import Tile
from server.engine.tiled.layout import CHANNELS_FIRST
from server.engine.tiled.tile_graph import TileGraphBuilder

Pixels = Callable[[Tile], int]
"""How many pixels a value holds."""

_SAMPLE = 9
# Multiples of this share of a picture, turned round at its end, lie nowhere in step with what the picture shows.
_GOLDEN = (5**0.5 - 1) / 2

# Sums of fewer values are too many, those of many more lose digits.
_LEAST_GROUP, _GROUP = 8, 128


def add_statistics(
    graph: TileGraphBuilder, value: str, channels: int, pixels: Pixels, weights: Callable[[Tile], Array] | None = None
) -> tuple[str, str]:
    """Adds the mean of every channel of ``value``, then its variance, each one number in float64 a channel.

    In channels-last layout ``weights`` may say how much each of the pixels counts, 1 all together.
    """
    flat, axis = _flat(graph, value, channels)
    pivot = _median(graph, flat, axis, pixels)
    rest = graph.add("Sub", flat, pivot)
    average = _averaging(graph, channels, pixels, weights)
    mean, square = average(rest), average(graph.add("Mul", rest, rest))
    shape = graph.constant(np.array([channels]), np.int64)
    pivot = graph.add("Cast", graph.add("Reshape", pivot, shape), to=TensorProto.DOUBLE)
    variance = graph.add("Sub", square, graph.add("Mul", mean, mean))
    return graph.add("Add", pivot, mean), graph.add("Max", variance, graph.constant(np.array(0), np.float64))


@lru_cache(256)
def groups(count: int) -> tuple[int, int]:
    """In how many groups of how many neighbours each ``count`` values are summed."""
    found = [divisor for divisor in range(1, int(count**0.5) + 1) if count % divisor == 0]
    large = [divisor for divisor in (*found, *(count // one for one in found)) if divisor >= _LEAST_GROUP] or [count]
    neighbours = min(large, key=lambda divisor: max(divisor / _GROUP, _GROUP / divisor))
    return count // neighbours, neighbours


def _flat(graph: TileGraphBuilder, value: str, channels: int) -> tuple[str, int]:
    """The value with one axis for the pixels, and which one that is."""
    shape, axis = ([channels, -1], 1) if graph.layout is CHANNELS_FIRST else ([-1, channels], 0)
    return graph.add("Reshape", value, graph.constant(np.array(shape), np.int64)), axis


def _median(graph: TileGraphBuilder, flat: str, axis: int, pixels: Pixels) -> str:
    """The median of a sample: one value of the picture's for each channel."""

    def sample(tile: Tile) -> Array:
        places: Array = (np.arange(_SAMPLE) + 0.5) * _GOLDEN % 1 * pixels(tile)
        return places.astype(np.int64)

    seen = graph.add("Gather", flat, graph.control(sample, [_SAMPLE]), axis=axis)
    upper = graph.add("TopK", seen, graph.constant(np.array([_SAMPLE // 2 + 1]), np.int64), axis=axis, unused=1)
    return graph.add("ReduceMin", upper, graph.constant(np.array([axis]), np.int64), keepdims=1)


def _averaging(
    graph: TileGraphBuilder, channels: int, pixels: Pixels, weights: Callable[[Tile], Array] | None
) -> Callable[[str], str]:
    """What adds the mean over all pixels: one number in float64 for each channel."""
    if graph.layout is CHANNELS_FIRST:
        shape = graph.control(lambda tile: np.array([channels, *groups(pixels(tile))]), [3])
        last, rest = (graph.constant(np.array(axes), np.int64) for axes in ([2], [1]))

        def of_planes(flat: str) -> str:
            means = graph.add("ReduceMean", graph.add("Reshape", flat, shape), last, keepdims=0)
            return graph.add("ReduceMean", graph.add("Cast", means, to=TensorProto.DOUBLE), rest, keepdims=0)

        return of_planes

    def shares(tile: Tile) -> Array:
        count, neighbours = groups(pixels(tile))
        if weights is None:
            return np.full((1, 1, neighbours), 1 / pixels(tile), np.float32)
        return weights(tile).reshape(count, 1, neighbours)

    shape = graph.control(lambda tile: np.array([*groups(pixels(tile)), channels]), [3])
    share, axes = graph.control(shares, [-1, 1, -1], TensorProto.FLOAT), graph.constant(np.array([0, 1]), np.int64)

    def of_pixels(flat: str) -> str:
        # A matrix multiplication is three times as fast as onnxruntime's ReduceMean over all but the last axis.
        sums = graph.add("MatMul", share, graph.add("Reshape", flat, shape))
        return graph.add("ReduceSum", graph.add("Cast", sums, to=TensorProto.DOUBLE), axes, keepdims=0)

    return of_pixels
