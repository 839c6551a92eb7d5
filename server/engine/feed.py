"""How a network is fed, in this project's terms: pictures are N x 3 x H x W, RGB, black -1, white 1."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.engine.failure import NetworkFault
from server.engine.pixels import ChannelOrder, Channels, Tensor, grey_of

Range = tuple[float, float]
"""A network's values for black and white."""

Samples = tuple[float, ...]
"""A number for each channel in the network's order, or one for all, or none."""

_OURS: Range = (-1.0, 1.0)


class Precision(Enum):
    """The type in which a network computes; the value is numpy's name for it."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"


@dataclass(frozen=True)
class Feed:
    """How a network wants its picture and gives it back. ``channels_last`` is N x H x W x C; with ``batches`` it takes
    several pictures at once and computes each as if it were alone. ``input_type`` is numpy's name for the type that it
    takes, where that is not the ``precision``.

    It takes (v - mean) / std of the values v within its range, and answers with the like of ``output_mean`` and
    ``output_std``. ``channels`` are the ones that it takes: grey is luma, and alpha is opaque.
    """

    input: str = "image"
    output: str = "translated"
    precision: Precision = Precision.FLOAT32
    channels_last: bool = False
    input_range: Range = _OURS
    output_range: Range = _OURS
    batches: bool = True
    input_type: str = ""
    channels: Channels = Channels.RGB
    order: ChannelOrder = ChannelOrder.RGB
    output_order: ChannelOrder = ChannelOrder.RGB
    mean: Samples = ()
    std: Samples = ()
    output_mean: Samples = ()
    output_std: Samples = ()

    @property
    def is_usual(self) -> bool:
        """Whether the network takes and gives RGB in floats with black -1 and white 1."""
        return (
            self.input_range == self.output_range == _OURS
            and self.channels is Channels.RGB
            and self.order is self.output_order is ChannelOrder.RGB
            and not (self.mean or self.std or self.output_mean or self.output_std or self.input_type)
        )

    @property
    def is_plain(self) -> bool:
        """Whether pictures go in and come out as they are, so that nothing is copied for it."""
        return self.is_usual and self.precision is Precision.FLOAT32 and not self.channels_last

    def normalise(self, tensor: Tensor) -> Tensor:
        """N x 3 x H x W from -1 to 1 as the network's own values, N x C x H x W in float32; the same array where these
        are the same. Whole numbers are rounded."""
        values = _rescale(self._channels_of(tensor), _OURS, self.input_range)
        if self.mean:
            values = values - _by_channel(self.mean)
        if self.std:
            values = values / _by_channel(self.std)
        kind = self._input_type
        if kind.kind in "iu":
            values = np.clip(np.rint(values), np.iinfo(kind).min, np.iinfo(kind).max)
        return values

    def denormalise(self, values: Tensor) -> Tensor:
        """The network's own values, N x C x H x W, as N x 3 x H x W from -1 to 1; the same array where these are the
        same. Grey is repeated, and alpha left out. Raises NetworkFault for another number of channels."""
        if values.ndim != 4 or values.shape[1] not in (1, 3, 4):
            raise NetworkFault(f"The network answered an array of {values.shape}, which is no picture.")
        if self.output_std:
            values = values * _by_channel(self.output_std)
        if self.output_mean:
            values = values + _by_channel(self.output_mean)
        return _rescale(self._colour_of(values), self.output_range, _OURS)

    def to_network(self, tensor: Tensor) -> NDArray[Any]:
        """A picture as the network takes it: in its range, its order of axes and its type."""
        values = self.normalise(tensor)
        if self.channels_last:
            values = values.transpose(0, 2, 3, 1)
        return np.ascontiguousarray(values, self._input_type)

    def from_network(self, answer: NDArray[Any]) -> Tensor:
        """The network's answer as a picture. Raises NetworkFault for what is no picture."""
        if self.channels_last and answer.ndim == 4:
            answer = answer.transpose(0, 3, 1, 2)
        return self.denormalise(answer.astype(np.float32, copy=False))

    @property
    def _input_type(self) -> np.dtype[Any]:
        return np.dtype(self.input_type or self.precision.value)

    def _channels_of(self, tensor: Tensor) -> Tensor:
        if self.channels is Channels.GREY:
            return grey_of(tensor)
        colour = tensor if self.order is ChannelOrder.RGB else np.ascontiguousarray(tensor[:, ::-1])
        if self.channels is Channels.RGB:
            return colour
        return np.concatenate((colour, np.ones_like(tensor[:, :1])), axis=1)

    def _colour_of(self, values: Tensor) -> Tensor:
        if values.shape[1] == 1:
            return values.repeat(3, axis=1)
        colour = values if values.shape[1] == 3 else values[:, :3]
        return colour if self.output_order is ChannelOrder.RGB else np.ascontiguousarray(colour[:, ::-1])


def _by_channel(numbers: Samples) -> NDArray[np.float32]:
    return np.array(numbers, np.float32)[:, None, None]


def _rescale(values: Tensor, old: Range, new: Range) -> Tensor:
    if old == new:
        return values
    factor = (new[1] - new[0]) / (old[1] - old[0])
    return (values - np.float32(old[0])) * np.float32(factor) + np.float32(new[0])
