"""What a layer of a network can do, with its parameters and, along both axes, its reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from server.engine.network.arrays import Array
from server.engine.network.lengths import Length
from server.engine.network.spans import Margin, Reach, Spread, Window

Axes = tuple[Reach, Reach]
"""Reach from top to bottom, and from left to right."""

_ITSELF = (Window(), Window())


@dataclass(frozen=True)
class Pointwise:
    """The ONNX operation of that name, on each value separately. An operand is the index of one of the layer's inputs,
    or a constant: a single value (no axes) or one value for each channel (one axis)."""

    operation: str
    operands: tuple[int | Array, ...]
    attributes: Mapping[str, Any]
    axes: Axes = _ITSELF


@dataclass(frozen=True)
class Concat:
    """The channels of all inputs, one input after the other."""

    axes: Axes = _ITSELF


@dataclass(frozen=True)
class Pad:
    """Padding at all four edges, by as much as ``axes`` says. ``mode`` is ONNX's: constant (with ``value``), reflect or
    edge."""

    mode: str
    value: float
    axes: tuple[Margin, Margin]


@dataclass(frozen=True)
class Convolution:
    """A convolution without padding, C channels to K. ``weight`` is K x C / groups x kernel height x kernel width, and
    ``bias`` has K values."""

    weight: Array
    bias: Array | None
    strides: tuple[int, int]
    dilations: tuple[int, int]
    groups: int
    axes: Axes

    @property
    def is_plain(self) -> bool:
        """Whether it has no strides, dilations or groups."""
        return self.strides == self.dilations == (1, 1) and self.groups == 1


@dataclass(frozen=True)
class TransposedConvolution:
    """A transposed convolution, C channels to K. ``weight`` is C x K / groups x kernel height x kernel width, ``bias``
    has K values, and ``axes`` say what is cut off at the edges."""

    weight: Array
    bias: Array | None
    strides: tuple[int, int]
    dilations: tuple[int, int]
    groups: int
    axes: tuple[Spread, Spread]


@dataclass(frozen=True)
class Pool:
    """ONNX's AveragePool or MaxPool, whichever ``operation`` names, without padding."""

    operation: str
    kernel: tuple[int, int]
    strides: tuple[int, int]
    axes: Axes


@dataclass(frozen=True)
class Resize:
    """ONNX's Resize with these attributes, by whole factors (of height and of width)."""

    factors: tuple[int, int]
    attributes: Mapping[str, Any]
    axes: Axes


@dataclass(frozen=True)
class Channels:
    """The input's channels of these numbers, in this order."""

    numbers: tuple[int, ...]
    axes: Axes = _ITSELF


@dataclass(frozen=True)
class SpaceToDepth:
    """ONNX's operation: each block of ``side`` x ``side`` pixels becomes a pixel, its first channels those of the
    block's first pixel. The input's height and width must be multiples of ``side``."""

    side: int
    axes: Axes


@dataclass(frozen=True)
class DepthToSpace:
    """ONNX's operation: each pixel becomes a block of ``side`` x ``side`` pixels. In mode DCR its first channels are
    the block's first pixel, in mode CRD the first channel of all of the block's pixels."""

    side: int
    mode: str
    axes: Axes


@dataclass(frozen=True)
class Normalisation:
    """Instance or group normalisation, (x - mean) / sqrt(variance + epsilon) * scale + shift: the mean and variance of
    each of ``groups`` equal groups of neighbouring channels (None: of each channel) are taken over the whole picture;
    ``scale`` and ``shift`` have one value for each channel."""

    scale: Array
    shift: Array
    epsilon: float
    groups: int | None = None
    axes: Axes = _ITSELF


@dataclass(frozen=True)
class Statistic:
    """The mean (or, if ``is_variance``, the variance) of each of ``groups`` equal groups of neighbouring channels
    (None: of each channel) over the whole picture, as one pixel with the same number of channels."""

    is_variance: bool = False
    groups: int | None = None
    axes: Axes = _ITSELF


@dataclass(frozen=True)
class Quantity:
    """One number that follows from the picture's size, as one pixel of one channel."""

    length: Length
    axes: Axes = _ITSELF


Operation = (
    Pointwise
    | Concat
    | Pad
    | Convolution
    | TransposedConvolution
    | Pool
    | Resize
    | Channels
    | SpaceToDepth
    | DepthToSpace
    | Normalisation
    | Statistic
    | Quantity
)


def output_channels(operation: Operation, inputs: list[int]) -> int:
    """How many channels the operation's output has, given those of its inputs in order."""
    match operation:
        case Convolution():
            return int(operation.weight.shape[0])
        case TransposedConvolution():
            return int(operation.weight.shape[1]) * operation.groups
        case Concat():
            return sum(inputs)
        case Channels():
            return len(operation.numbers)
        case SpaceToDepth():
            return inputs[0] * operation.side**2
        case DepthToSpace():
            return inputs[0] // operation.side**2
        case Quantity():
            return 1
        case Pointwise():
            return max(*inputs, 1, *(operand.size for operand in operation.operands if not isinstance(operand, int)))
    return inputs[0]


def can_reflect(operation: Operation, shape: tuple[int, int]) -> bool:
    """Whether an input of this height and width is large enough for the operation to reflect it at the edges."""
    if not isinstance(operation, Pad) or operation.mode != "reflect":
        return True
    return all(max(axis.before, axis.after) < length for axis, length in zip(operation.axes, shape, strict=True))


def multiplications(operation: Operation) -> float:
    """How many multiplications a direct computation takes for one pixel of the output, over all channels."""
    match operation:
        case Convolution():
            return float(operation.weight.size)
        case TransposedConvolution():
            return operation.weight.size / float(np.prod(operation.strides))
    return 0.0
