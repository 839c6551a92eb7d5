"""How a network is fed, in this project's terms: pictures are N x 3 x H x W, RGB, black -1, white 1."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.engine.pixels import Tensor

Range = tuple[float, float]
"""A network's values for black and white."""

_OURS: Range = (-1.0, 1.0)


class Precision(Enum):
    """The type of a network's input and output; the value is numpy's name for it."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"


@dataclass(frozen=True)
class Feed:
    """How a network wants its picture and gives it back. ``channels_last`` is N x H x W x 3; with ``batches`` it takes
    several pictures at once and computes each as if it were alone."""

    input: str = "image"
    output: str = "translated"
    precision: Precision = Precision.FLOAT32
    channels_last: bool = False
    input_range: Range = _OURS
    output_range: Range = _OURS
    batches: bool = True

    @property
    def is_usual(self) -> bool:
        """Whether black is -1 and white 1 on both sides."""
        return self.input_range == self.output_range == _OURS

    @property
    def is_plain(self) -> bool:
        """Whether pictures go in and come out as they are, so that nothing is copied for it."""
        return self.is_usual and self.precision is Precision.FLOAT32 and not self.channels_last

    def rescale(self, tensor: Tensor) -> Tensor:
        """From -1 to 1 to the network's own range; the same array where that is the same."""
        return _rescale(tensor, _OURS, self.input_range)

    def rescale_back(self, tensor: Tensor) -> Tensor:
        """From the network's own range to -1 to 1; the same array where that is the same."""
        return _rescale(tensor, self.output_range, _OURS)

    def to_network(self, tensor: Tensor) -> NDArray[Any]:
        """A picture as the network takes it: in its range, its order of axes and its type."""
        values = self.rescale(tensor)
        if self.channels_last:
            values = values.transpose(0, 2, 3, 1)
        return np.ascontiguousarray(values, self.precision.value)

    def from_network(self, answer: NDArray[Any]) -> Tensor:
        """The network's answer as a picture."""
        if self.channels_last and answer.ndim == 4:
            answer = answer.transpose(0, 3, 1, 2)
        return self.rescale_back(answer.astype(np.float32, copy=False))


def _rescale(values: Tensor, old: Range, new: Range) -> Tensor:
    if old == new:
        return values
    factor = (new[1] - new[0]) / (old[1] - old[0])
    return (values - np.float32(old[0])) * np.float32(factor) + np.float32(new[0])
