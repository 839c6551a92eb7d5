"""One network in onnxruntime, fed and read in this project's terms: N x 3 x H x W, RGB, black -1, white 1."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.engine.device import CUDA, Device
from server.engine.pixels import Tensor

Range = tuple[float, float]

# A full-size network takes about 1 KB for a pixel and onnxruntime keeps it for the next run, which saves that run about
# 15 % on a CPU. Every session keeps its own, so what larger pictures took goes back.
_KEPT_PIXELS = 512 * 512


class Precision(Enum):
    """The type of a network's input and output; the value is numpy's name for it."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"


@dataclass(frozen=True)
class Feed:
    """How a network wants its picture and gives it back: ranges are its values for black and white, and ``batches`` is
    whether it takes several pictures at once and computes each for itself."""

    input: str = "image"
    output: str = "translated"
    precision: Precision = Precision.FLOAT32
    channels_last: bool = False
    input_range: Range = (-1.0, 1.0)
    output_range: Range = (-1.0, 1.0)
    batches: bool = True


class Session:
    """A network that is loaded. Loading raises whatever onnxruntime raises."""

    def __init__(self, model: bytes, feed: Feed, device: Device) -> None:
        self._feed = feed
        self._session = device.open(model)
        self.execution_provider = str(self._session.get_providers()[0])
        self.takes_batches = feed.batches
        self._arena = "gpu:0" if self.execution_provider == CUDA else "cpu:0"

    def run(self, tensor: Tensor, options: Any) -> Tensor:
        """The network's answer, of the tensor's shape; ``options`` are onnxruntime.RunOptions for this run alone.

        Raises ValueError for an answer of another shape or with values that are not finite, and whatever onnxruntime
        raises.
        """
        if tensor[:, 0].size > _KEPT_PIXELS:
            options.add_run_config_entry("memory.enable_memory_arena_shrinkage", self._arena)
        (answer,) = self._session.run([self._feed.output], {self._feed.input: self._to_network(tensor)}, options)
        translated = self._from_network(answer)
        if translated.shape != tensor.shape:
            raise ValueError(f"The network answered {translated.shape} to {tensor.shape}.")
        if not np.isfinite([translated.min(), translated.max()]).all():
            raise ValueError("The network answered with values that are not finite.")
        return translated

    def _to_network(self, tensor: Tensor) -> NDArray[Any]:
        values = _rescale(tensor, (-1.0, 1.0), self._feed.input_range)
        if self._feed.channels_last:
            values = values.transpose(0, 2, 3, 1)
        return np.ascontiguousarray(values, self._feed.precision.value)

    def _from_network(self, answer: NDArray[Any]) -> Tensor:
        if self._feed.channels_last and answer.ndim == 4:
            answer = answer.transpose(0, 3, 1, 2)
        return _rescale(answer.astype(np.float32, copy=False), self._feed.output_range, (-1.0, 1.0))


def _rescale(values: Tensor, old: Range, new: Range) -> Tensor:
    """The same array when the ranges are the same."""
    if old == new:
        return values
    factor = (new[1] - new[0]) / (old[1] - old[0])
    return (values - np.float32(old[0])) * np.float32(factor) + np.float32(new[0])
