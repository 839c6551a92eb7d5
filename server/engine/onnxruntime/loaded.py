"""One network in onnxruntime, fed and read in this project's terms: N x 3 x H x W, RGB, black -1, white 1."""

from __future__ import annotations

import hashlib
import logging
import sys
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.engine.fused.form import Form
from server.engine.fused.lowering import NotFused
from server.engine.fused.network import FusedNetwork
from server.engine.network.network import Network
from server.engine.network.reader import NotInPieces, read_network
from server.engine.onnxruntime.backend import CPU, TENSORRT, Device
from server.engine.onnxruntime.binding import Binding
from server.engine.pixels import Tensor
from server.engine.tiled.engine import PieceEngine

Range = tuple[float, float]

# A full-size network takes about 1 KB for a pixel and onnxruntime keeps it for the next run, which saves that run about
# 15 % on a CPU. Every session keeps its own, so what larger pictures took goes back. On a GPU their ends are not bound
# either: that memory would never go back.
KEPT_PIXELS = 512 * 512

# What a full-size network in float32 takes for each pixel that onnxruntime computes at once.
BYTES_PER_PIXEL = 1126

# On a CPU pieces are faster than onnxruntime's way, but for the smallest pictures.
_LEAST_IN_PIECES = 128 * 128

# cuDNN normalises no layer of 2 GiB: 64 channels of more pixels in float32.
_MOST_AT_ONCE = 1 << 23

# Two ways to compute agree when no value is further off: two of 255 levels from -1 to 1, for a picture of this size.
_AGREEMENT = 4 / 255
_AGREED_ON = (72, 96)

_log = logging.getLogger(__name__)


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

    @property
    def is_usual(self) -> bool:
        """Whether black is -1 and white 1 on both sides."""
        return self.input_range == self.output_range == (-1.0, 1.0)

    def rescale(self, tensor: Tensor) -> Tensor:
        """From -1 to 1 to the network's own range; the same array where that is the same."""
        return _rescale(tensor, (-1.0, 1.0), self.input_range)

    def rescale_back(self, tensor: Tensor) -> Tensor:
        return _rescale(tensor, self.output_range, (-1.0, 1.0))


class Session:
    """A network that is loaded. Loading raises whatever onnxruntime raises."""

    def __init__(self, model: bytes, feed: Feed, device: Device) -> None:
        self.feed = feed
        self._model = model
        self._device = device
        self._not_in_pieces: NotInPieces | None = None
        self._session = device.open(model, half=feed.precision is Precision.FLOAT16)
        self.execution_provider = str(self._session.get_providers()[0])
        # TensorRT would build another engine, for minutes, for each new number of pictures.
        self.takes_batches = feed.batches and self.execution_provider != TENSORRT
        on_cpu = self.execution_provider == CPU
        self._arena = "cpu:0" if on_cpu else "gpu:0"
        self._binding = None if on_cpu else Binding(self._session, input=feed.input, output=feed.output, device="cuda")
        self.fused = self._fuse()

    def give_memory_back(self, options: Any) -> None:
        """At the end of the next run with these options."""
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", self._arena)

    def prefers_pieces(self, height: int, width: int) -> bool:
        """Also where there is memory enough for onnxruntime to compute the picture whole."""
        return height * width >= _LEAST_IN_PIECES if self._device.is_cpu else height * width > _MOST_AT_ONCE

    def in_pieces(self) -> PieceEngine:
        """The network for pictures that are not computed at once. Raises NotInPieces."""
        if self._not_in_pieces is not None:
            raise self._not_in_pieces
        try:
            return self._device.engines.engine(self._sha256, self._network)
        except NotInPieces as error:
            self._not_in_pieces = error
            raise

    @cached_property
    def _sha256(self) -> str:
        return hashlib.sha256(self._model).hexdigest()

    def _fuse(self) -> FusedNetwork | None:
        """Where a GPU is, for networks of the kinds that it is for, and where it agrees with onnxruntime."""
        workshop = self._device.workshop
        if workshop is None:
            return None
        try:
            fused = FusedNetwork(self._network(), np.dtype(self.feed.precision.value).type, workshop)
            difference = self._difference(fused)
        except (NotInPieces, NotFused) as reason:
            _log.info("The GPU computes a filter with onnxruntime alone, for its %s.", reason)
            return None
        except Exception:
            _log.exception("The GPU computes a filter with onnxruntime alone.")
            return None
        if not difference <= _AGREEMENT:
            _log.warning("The GPU computes a filter with onnxruntime alone: else it is off by %.4f.", difference)
            return None
        return fused

    def _difference(self, fused: FusedNetwork) -> float:
        """From onnxruntime's answer to a picture of noise, at most."""
        low, high = self.feed.input_range
        picture = np.random.default_rng(0).uniform(low, high, (1, 3, *_AGREED_ON)).astype(np.float32)
        bands: list[Tensor] = []
        plan = fused.plan(*_AGREED_ON, sys.maxsize)
        assert plan is not None
        fused.run(lambda top, bottom: picture[:, :, top:bottom], bands.append, Form(*picture.shape[1:]), plan)
        values = picture.astype(self.feed.precision.value)
        (expected,) = self._session.run([self.feed.output], {self.feed.input: values})
        return float(np.abs(np.concatenate(bands, axis=2) - expected.astype(np.float32)).max())

    def _network(self) -> Network:
        if self.feed.channels_last:
            raise NotInPieces("Transpose")
        return read_network(self._model, input=self.feed.input, output=self.feed.output)

    def run(self, tensor: Tensor, options: Any) -> Tensor:
        """The network's answer, of the tensor's shape; ``options`` are onnxruntime.RunOptions for this run alone.

        Raises ValueError for an answer of another shape or with values that are not finite, and whatever onnxruntime
        raises.
        """
        is_large = tensor[:, 0].size > KEPT_PIXELS
        if is_large:
            self.give_memory_back(options)
        values = self._to_network(tensor)
        if self._binding is None or is_large:
            (answer,) = self._session.run([self.feed.output], {self.feed.input: values}, options)
        else:
            answer = self._binding.run(values, options)
        translated = self._from_network(answer)
        if translated.shape != tensor.shape:
            raise ValueError(f"The network answered {translated.shape} to {tensor.shape}.")
        if not np.isfinite([translated.min(), translated.max()]).all():
            raise ValueError("The network answered with values that are not finite.")
        return translated

    def _to_network(self, tensor: Tensor) -> NDArray[Any]:
        values = self.feed.rescale(tensor)
        if self.feed.channels_last:
            values = values.transpose(0, 2, 3, 1)
        return np.ascontiguousarray(values, self.feed.precision.value)

    def _from_network(self, answer: NDArray[Any]) -> Tensor:
        if self.feed.channels_last and answer.ndim == 4:
            answer = answer.transpose(0, 3, 1, 2)
        return self.feed.rescale_back(answer.astype(np.float32, copy=False))


def _rescale(values: Tensor, old: Range, new: Range) -> Tensor:
    """The same array when the ranges are the same."""
    if old == new:
        return values
    factor = (new[1] - new[0]) / (old[1] - old[0])
    return (values - np.float32(old[0])) * np.float32(factor) + np.float32(new[0])
