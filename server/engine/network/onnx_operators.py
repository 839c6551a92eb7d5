"""How each of ONNX's operations becomes a layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import onnx

from server.engine.network.network import (
    Array,
    Concat,
    Convolution,
    Normalisation,
    Pad,
    Pointwise,
    Pool,
    Resize,
    TransposedConvolution,
)
from server.engine.network.partial_network import Attributes, NotInPieces, Reading, pads_of
from server.engine.network.spans import Margin, Scale, Spread, Window

_ACTIVATIONS = (
    "Relu LeakyRelu PRelu Elu Selu Celu Softplus Softsign HardSigmoid HardSwish ThresholdedRelu Gelu Mish Sigmoid Tanh"
)
_ARITHMETIC = "Identity Neg Abs Sqrt Exp Log Erf Floor Ceil Round Sign Reciprocal Add Sub Mul Div Max Min Pow"
POINTWISE = frozenset(f"{_ACTIVATIONS} {_ARITHMETIC}".split())


def read_pointwise(reading: Reading, node: onnx.NodeProto, attributes: Attributes) -> None:
    inputs = tuple(dict.fromkeys(name for name in node.input if name in reading.pictures))
    operands = tuple(
        inputs.index(name) if name in inputs else _by_channel(node.op_type, reading.required(node, place))
        for place, name in enumerate(node.input)
    )
    reading.add(node.output[0], inputs, Pointwise(node.op_type, operands, attributes))


def _by_channel(operation: str, value: Array) -> Array:
    """A constant operand as one value, or one for each channel."""
    if value.ndim > 4:
        raise NotInPieces(operation, "a constant of more than four axes")
    if value.size == 1:
        return value.reshape(())
    if value.ndim < 3 or value.shape[-2:] != (1, 1) or value.size != value.shape[-3]:
        raise NotInPieces(operation, "a constant that differs from place to place")
    return value.reshape(-1)


def _clip(reading: Reading, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Its limits are attributes before opset 11; either may be left out."""
    lowest = np.finfo(np.float32).min
    limits: list[Array] = []
    for place, (name, default) in enumerate((("min", lowest), ("max", -lowest)), 1):
        value = reading.constant(node, place)
        limits.append(np.asarray(attributes.get(name, default) if value is None else value, np.float32).reshape(()))
    reading.add(node.output[0], (reading.picture(node),), Pointwise("Clip", (0, *limits), {}))


def _two(attributes: Attributes, name: str) -> tuple[int, int]:
    first, second = attributes.get(name, (1, 1))
    return int(first), int(second)


def _windows(kernel: tuple[int, int], strides: tuple[int, int], dilations: tuple[int, int]) -> tuple[Window, Window]:
    rows, columns = (
        Window((size - 1) * dilation + 1, stride)
        for size, stride, dilation in zip(kernel, strides, dilations, strict=True)
    )
    return rows, columns


def _convolution(reading: Reading, node: onnx.NodeProto, attributes: Attributes) -> None:
    weight, strides, dilations = reading.required(node, 1), _two(attributes, "strides"), _two(attributes, "dilations")
    kernel = (int(weight.shape[2]), int(weight.shape[3]))
    operation = Convolution(
        weight=weight,
        bias=reading.constant(node, 2),
        strides=strides,
        dilations=dilations,
        groups=attributes.get("group", 1),
        axes=_windows(kernel, strides, dilations),
    )
    reading.add(node.output[0], (reading.padded(node, attributes),), operation)


def _transposed(reading: Reading, node: onnx.NodeProto, attributes: Attributes) -> None:
    weight, strides, dilations = reading.required(node, 1), _two(attributes, "strides"), _two(attributes, "dilations")
    if "output_shape" in attributes:
        raise NotInPieces(node.op_type, "an output of a given shape")
    pads, extra = pads_of(node, attributes), attributes.get("output_padding", (0, 0))
    spreads = []
    for axis in (0, 1):
        size, before, after = weight.shape[2 + axis], pads[axis], pads[axis + 2] - extra[axis]
        if after < 0:
            raise NotInPieces(node.op_type, "more output padding than padding")
        if strides[axis] > size:
            raise NotInPieces(node.op_type, "gaps between what its pixels spread to")
        spreads.append(Spread((size - 1) * dilations[axis] + 1, strides[axis], before, after))
    operation = TransposedConvolution(
        weight=weight,
        bias=reading.constant(node, 2),
        strides=strides,
        dilations=dilations,
        groups=attributes.get("group", 1),
        axes=(spreads[0], spreads[1]),
    )
    reading.add(node.output[0], (reading.picture(node),), operation)


def _pad(reading: Reading, node: onnx.NodeProto, attributes: Attributes) -> None:
    """How far and with what are attributes before opset 11."""
    given = attributes["pads"] if "pads" in attributes else reading.required(node, 1)
    pads = [int(pad) for pad in given]
    mode = attributes.get("mode", b"constant").decode()
    axes = reading.constant(node, 3)
    if axes is not None:
        pads = _on_all_axes(pads, [int(axis) % 4 for axis in axes])
    if len(pads) != 8 or any(pads[place] for place in (0, 1, 4, 5)) or min(pads) < 0:
        raise NotInPieces("Pad", "of something else than height and width")
    if mode not in ("constant", "reflect", "edge"):
        raise NotInPieces("Pad", f"mode {mode}")
    value = reading.constant(node, 2)
    filling = float(attributes.get("value", 0.0) if value is None else value.reshape(()))
    margins = (Margin(pads[2], pads[6]), Margin(pads[3], pads[7]))
    reading.add(node.output[0], (reading.picture(node),), Pad(mode, filling, margins))


def _on_all_axes(pads: Sequence[int], axes: Sequence[int]) -> list[int]:
    spread = [0] * 8
    for axis, before, after in zip(axes, pads[: len(axes)], pads[len(axes) :], strict=True):
        spread[axis], spread[axis + 4] = before, after
    return spread


def _normalisation(reading: Reading, node: onnx.NodeProto, attributes: Attributes) -> None:
    scale, shift = reading.required(node, 1), reading.required(node, 2)
    operation = Normalisation(scale, shift, float(attributes.get("epsilon", 1e-5)))
    reading.add(node.output[0], (reading.picture(node),), operation)


def _batch_normalisation(reading: Reading, node: onnx.NodeProto, attributes: Attributes) -> None:
    """With stored statistics it is the same multiplication and addition everywhere."""
    if attributes.get("training_mode", 0):
        raise NotInPieces("BatchNormalization", "in training mode")
    scale, shift, mean, variance = (reading.required(node, place).astype(np.float64) for place in range(1, 5))
    factor = scale / np.sqrt(variance + attributes.get("epsilon", 1e-5))
    scaled, rest = f"{node.output[0]}/scaled", shift - mean * factor
    reading.add(scaled, (reading.picture(node),), Pointwise("Mul", (0, factor.astype(np.float32)), {}))
    reading.add(node.output[0], (scaled,), Pointwise("Add", (0, rest.astype(np.float32)), {}))


def _pool(reading: Reading, node: onnx.NodeProto, attributes: Attributes) -> None:
    if any(pads_of(node, attributes)) or attributes.get("ceil_mode", 0) or len(node.output) > 1:
        raise NotInPieces(node.op_type, "with padding, rounding up or places")
    if _two(attributes, "dilations") != (1, 1):
        raise NotInPieces(node.op_type, "with dilation")
    kernel, strides = _two(attributes, "kernel_shape"), _two(attributes, "strides")
    operation = Pool(node.op_type, kernel, strides, _windows(kernel, strides, (1, 1)))
    reading.add(node.output[0], (reading.picture(node),), operation)


def _resize(reading: Reading, node: onnx.NodeProto, attributes: Attributes) -> None:
    if len(node.input) == 2:  # before opset 11
        _upsample(reading, node, attributes)
        return
    scales = reading.constant(node, 2)
    if scales is None or any(node.input[3:]) or "axes" in attributes:
        raise NotInPieces("Resize", "to a size instead of by a factor for each axis")
    _scaled(reading, node, scales, attributes)


def _upsample(reading: Reading, node: onnx.NodeProto, attributes: Attributes) -> None:
    scales = attributes["scales"] if "scales" in attributes else reading.required(node, 1)
    changes = {"coordinate_transformation_mode": b"asymmetric", "nearest_mode": b"floor"}
    _scaled(reading, node, scales, {**attributes, **changes})


def _scaled(reading: Reading, node: onnx.NodeProto, scales: Sequence[float] | Array, attributes: Attributes) -> None:
    factors = [int(scale) for scale in scales]
    mode = attributes.get("mode", b"nearest")
    coordinates = attributes.get("coordinate_transformation_mode", b"half_pixel")
    if (
        len(factors) != 4
        or factors[:2] != [1, 1]
        or any(factor != scale or factor < 1 for factor, scale in zip(factors, scales, strict=True))
        or mode not in (b"nearest", b"linear")
        or coordinates not in (b"half_pixel", b"asymmetric", b"pytorch_half_pixel")
    ):
        by = ", ".join(f"{scale:g}" for scale in scales)
        raise NotInPieces(node.op_type, f"{mode.decode()}, {coordinates.decode()}, by {by}")
    kept = ("mode", "coordinate_transformation_mode", "nearest_mode")
    operation = Resize(
        (factors[2], factors[3]),
        {name: attributes[name] for name in kept if name in attributes},
        (Scale(factors[2]), Scale(factors[3])),
    )
    reading.add(node.output[0], (reading.picture(node),), operation)


def _concat(reading: Reading, node: onnx.NodeProto, attributes: Attributes) -> None:
    if attributes.get("axis") not in (1, -3):
        raise NotInPieces("Concat", "of something else than channels")
    reading.add(node.output[0], tuple(reading.picture(node, place) for place in range(len(node.input))), Concat())


READERS: Mapping[str, Callable[[Reading, onnx.NodeProto, Attributes], None]] = {
    **dict.fromkeys(POINTWISE, read_pointwise),
    "Clip": _clip,
    "Conv": _convolution,
    "ConvTranspose": _transposed,
    "Pad": _pad,
    "InstanceNormalization": _normalisation,
    "BatchNormalization": _batch_normalisation,
    "AveragePool": _pool,
    "MaxPool": _pool,
    "Resize": _resize,
    "Upsample": _upsample,
    "Concat": _concat,
}
