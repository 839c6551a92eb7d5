"""How a tensor of an ONNX graph shows a layer: graphs reshape and turn what our layers leave as it is.

A layer is channels x rows x columns. A tensor's axis shows factors of these. So a pixel shuffle, as a graph may spell
it, only takes factors apart and puts them together in another order:

    1 x 12 x H x W                   channels                 | rows           | columns
    reshaped: 1 x 3 x 2 x 2 x H x W  channels / 4 | a | b     | rows           | columns
    turned:   1 x 3 x H x 2 x W x 2  channels / 4 | rows | a  | columns | b
    reshaped: 1 x 3 x 2H x 2W        channels / 4 | rows, a   | columns, b

The batch has one picture, and axes of one index show no factor.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from server.engine.network.arrays import Array
from server.engine.network.lengths import Length, Number, product

CHANNELS, ROWS, COLUMNS = 1, 2, 3
"""A layer's dimensions, numbered as the axes of a tensor that shows it as it is."""


@dataclass(frozen=True)
class Factor:
    """Of one dimension of a layer: ``length`` places, ``stride`` apart."""

    dimension: int
    length: Number
    stride: int = 1

    @property
    def is_whole(self) -> bool:
        """Whether it is all of a layer's rows or columns, as its size says."""
        return isinstance(self.length, Length) and self.length.is_side


Axis: TypeAlias = tuple[Factor, ...]
"""What one axis of a tensor shows: factors, of which the last one changes fastest."""


@dataclass(frozen=True)
class TensorView:
    """A tensor that shows ``layer``, which has so many ``channels``. Along factors that no axis shows, the layer is
    the same everywhere. ``made_by`` is the last operation that did not leave it as it is, if any."""

    layer: str
    channels: int
    axes: tuple[Axis, ...]
    made_by: str = ""

    @property
    def shape(self) -> list[Number]:
        """The tensor's shape."""
        return [product(factor.length for factor in axis) for axis in self.axes]

    def dimension(self, axis: int) -> int | None:
        """Which dimension all of the axis shows, and nothing else; None where that is not so."""
        match self.axes[axis]:
            case (factor,) if factor.is_whole or (factor.dimension == CHANNELS and factor.length == self.channels):
                return factor.dimension
        return None

    def axis_of_channels(self) -> int | None:
        """The axis that shows all channels, also where there is one only; None where several do or none."""
        for axis in range(len(self.axes)):
            if self.dimension(axis) == CHANNELS:
                return axis
        if self.channels > 1 or len(self.axes) != 4:
            return None
        shown = [self.dimension(axis) for axis in range(4)]
        return 3 if shown[1:3] == [ROWS, COLUMNS] else 1

    def by_channel(self, values: Array) -> Array | None:
        """Of values that broadcast over the tensor, the one for each channel; None where they differ within one."""
        values = values.reshape((1,) * (len(self.axes) - values.ndim) + values.shape)
        channel, places = np.arange(self.channels), []
        for axis, length in zip(self.axes, values.shape, strict=True):
            if length > 1 and any(factor.dimension != CHANNELS for factor in axis):
                return None
            if length not in (1, math.prod(factor.length for factor in axis) if length > 1 else 1):
                return None
            place = np.zeros_like(channel)
            for factor in axis if length > 1 else ():
                place = place * factor.length + channel // factor.stride % factor.length
            places.append(place)
        found: Array = values[tuple(places)]
        return found


def factors_of_channels(count: int) -> Axis:
    """The axis of all channels of a layer with so many."""
    return (Factor(CHANNELS, count),) if count > 1 else ()


def joined(factors: Sequence[Factor]) -> Axis:
    """The factors with those put together that were taken apart from one."""
    found: list[Factor] = []
    for factor in factors:
        if found and found[-1].dimension == factor.dimension and _continues(found[-1], factor):
            last = found.pop()
            factor = Factor(factor.dimension, product([last.length, factor.length]), factor.stride)
        found.append(factor)
    return tuple(found)


def _continues(outer: Factor, inner: Factor) -> bool:
    return not isinstance(inner.length, Length) and outer.stride == inner.stride * inner.length
