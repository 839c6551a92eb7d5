"""A network as a list of layers whose reach is known, read from an ONNX graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.engine.network.spans import Margin, Reach, Spread, Window

Array = NDArray[Any]
Axes = tuple[Reach, Reach]

_ITSELF = (Window(), Window())


@dataclass(frozen=True)
class Pointwise:
    """An ONNX operation on every value by itself. An operand is a place among the layer's inputs, or a constant: one
    value, or one for each channel."""

    operation: str
    operands: tuple[int | Array, ...]
    attributes: Mapping[str, Any]
    axes: Axes = _ITSELF


@dataclass(frozen=True)
class Concat:
    """The inputs' channels after each other."""

    axes: Axes = _ITSELF


@dataclass(frozen=True)
class Pad:
    """``mode`` is ONNX's: constant (with ``value``), reflect or edge."""

    mode: str
    value: float
    axes: tuple[Margin, Margin]


@dataclass(frozen=True)
class Convolution:
    """Without padding. ``weight`` is K x C / groups x kernel height x width."""

    weight: Array
    bias: Array | None
    strides: tuple[int, int]
    dilations: tuple[int, int]
    groups: int
    axes: Axes

    @property
    def is_plain(self) -> bool:
        """Every pixel once, all channels together."""
        return self.strides == self.dilations == (1, 1) and self.groups == 1


@dataclass(frozen=True)
class TransposedConvolution:
    """``weight`` is C x K / groups x kernel height x width."""

    weight: Array
    bias: Array | None
    strides: tuple[int, int]
    dilations: tuple[int, int]
    groups: int
    axes: tuple[Spread, Spread]


@dataclass(frozen=True)
class Pool:
    """AveragePool or MaxPool without padding."""

    operation: str
    kernel: tuple[int, int]
    strides: tuple[int, int]
    axes: Axes


@dataclass(frozen=True)
class Resize:
    """Interpolation by ONNX's Resize with these attributes."""

    factors: tuple[int, int]
    attributes: Mapping[str, Any]
    axes: Axes


@dataclass(frozen=True)
class Normalisation:
    """Instance normalisation: (x - mean) / sqrt(variance + epsilon) * scale + shift, a channel's over the picture."""

    scale: Array
    shift: Array
    epsilon: float
    axes: Axes = _ITSELF


Operation = Pointwise | Concat | Pad | Convolution | TransposedConvolution | Pool | Resize | Normalisation


@dataclass(frozen=True)
class Layer:
    """``inputs`` are names of layers, or of the network's input."""

    name: str
    inputs: tuple[str, ...]
    operation: Operation


@dataclass(frozen=True)
class Size:
    channels: int
    height: int
    width: int

    @property
    def pixels(self) -> int:
        return self.height * self.width

    @property
    def values(self) -> int:
        return self.channels * self.pixels


@dataclass(frozen=True)
class Network:
    """Layers in an order in which they can be computed; the last one is the output."""

    input: str
    channels: int
    layers: tuple[Layer, ...]

    @property
    def output(self) -> str:
        return self.layers[-1].name

    def norms(self) -> Iterator[int]:
        """The places of the normalisations."""
        for place, layer in enumerate(self.layers):
            if isinstance(layer.operation, Normalisation):
                yield place

    def channel_counts(self) -> dict[str, int]:
        """Of the input, by name, and of every layer's output."""
        counts = {self.input: self.channels}
        for layer in self.layers:
            counts[layer.name] = _channels(layer.operation, [counts[name] for name in layer.inputs])
        return counts

    def sizes(self, height: int, width: int) -> dict[str, Size]:
        """Of the input, by name, and of every layer's output. Raises ValueError for a picture that is too small, or of
        which a layer would get parts of different sizes."""
        counts = self.channel_counts()
        sizes = {self.input: Size(self.channels, height, width)}
        for layer in self.layers:
            seen = {(sizes[name].height, sizes[name].width) for name in layer.inputs}
            if len(seen) > 1:
                raise ValueError(
                    f"The parts of a picture of {height} x {width} pixels do not fit in layer {layer.name}."
                )
            (shape,) = seen
            rows, columns = (axis.length(length) for axis, length in zip(layer.operation.axes, shape, strict=True))
            if min(rows, columns) < 1 or not _fits(layer.operation, shape):
                raise ValueError(f"A picture of {height} x {width} pixels is too small for layer {layer.name}.")
            sizes[layer.name] = Size(counts[layer.name], rows, columns)
        return sizes


def _channels(operation: Operation, inputs: list[int]) -> int:
    match operation:
        case Convolution():
            return int(operation.weight.shape[0])
        case TransposedConvolution():
            return int(operation.weight.shape[1]) * operation.groups
        case Concat():
            return sum(inputs)
        case Pointwise():
            return max(*inputs, 1, *(operand.size for operand in operation.operands if not isinstance(operand, int)))
    return inputs[0]


def _fits(operation: Operation, shape: tuple[int, int]) -> bool:
    """Whether there is enough to reflect."""
    if not isinstance(operation, Pad) or operation.mode != "reflect":
        return True
    return all(max(axis.before, axis.after) < length for axis, length in zip(operation.axes, shape, strict=True))


def multiplications(operation: Operation) -> float:
    """Multiply-accumulates of a direct computation, for one pixel of the output."""
    match operation:
        case Convolution():
            return float(operation.weight.size)
        case TransposedConvolution():
            return operation.weight.size / float(np.prod(operation.strides))
    return 0.0
