"""How each supported ONNX operation becomes a layer, or several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import onnx

from server.engine.network.arrays import Array
from server.engine.network.operations import (
    Concat,
    Convolution,
    Normalisation,
    Pad,
    Pointwise,
    Pool,
    Resize,
    TransposedConvolution,
)
from server.engine.network.partial_network import Attributes, PartialNetwork, pads_of
from server.engine.network.spans import Margin, Scale, Spread, Window
from server.engine.network.unsupported import UnsupportedNetwork

_ACTIVATIONS = (
    "Relu LeakyRelu PRelu Elu Selu Celu Softplus Softsign HardSigmoid HardSwish ThresholdedRelu Gelu Mish Sigmoid Tanh"
)
_ARITHMETIC = "Identity Neg Abs Sqrt Exp Log Erf Floor Ceil Round Sign Reciprocal Add Sub Mul Div Max Min Pow"
POINTWISE = frozenset(f"{_ACTIVATIONS} {_ARITHMETIC}".split())


def _pointwise(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    inputs = tuple(dict.fromkeys(name for name in node.input if name in partial.pictures))
    operands = tuple(
        inputs.index(name) if name in inputs else _by_channel(node.op_type, partial.required(node, index))
        for index, name in enumerate(node.input)
    )
    partial.add(node.output[0], inputs, Pointwise(node.op_type, operands, attributes))


def _by_channel(operation: str, value: Array) -> Array:
    """The constant operand of a pointwise operation, as a single value (no axes) or one for each channel (one axis)."""
    if value.ndim > 4:
        raise UnsupportedNetwork(operation, "a constant of more than four axes")
    if value.size == 1:
        return value.reshape(())
    if value.ndim < 3 or value.shape[-2:] != (1, 1) or value.size != value.shape[-3]:
        raise UnsupportedNetwork(operation, "a constant that differs from place to place")
    return value.reshape(-1)


def _clip(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads Clip, whose limits are attributes before opset 11 and may be left out."""
    lowest = np.finfo(np.float32).min
    limits: list[Array] = []
    for index, (name, default) in enumerate((("min", lowest), ("max", -lowest)), 1):
        value = partial.constant(node, index)
        limits.append(np.asarray(attributes.get(name, default) if value is None else value, np.float32).reshape(()))
    partial.add(node.output[0], (partial.picture(node),), Pointwise("Clip", (0, *limits), {}))


def _two(attributes: Attributes, name: str) -> tuple[int, int]:
    first, second = attributes.get(name, (1, 1))
    return int(first), int(second)


def _windows(kernel: tuple[int, int], strides: tuple[int, int], dilations: tuple[int, int]) -> tuple[Window, Window]:
    rows, columns = (
        Window((size - 1) * dilation + 1, stride)
        for size, stride, dilation in zip(kernel, strides, dilations, strict=True)
    )
    return rows, columns


def _convolution(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    weight, strides, dilations = partial.required(node, 1), _two(attributes, "strides"), _two(attributes, "dilations")
    kernel = (int(weight.shape[2]), int(weight.shape[3]))
    operation = Convolution(
        weight=weight,
        bias=partial.constant(node, 2),
        strides=strides,
        dilations=dilations,
        groups=attributes.get("group", 1),
        axes=_windows(kernel, strides, dilations),
    )
    partial.add(node.output[0], (partial.padded(node, attributes),), operation)


def _transposed(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    weight, strides, dilations = partial.required(node, 1), _two(attributes, "strides"), _two(attributes, "dilations")
    if "output_shape" in attributes:
        raise UnsupportedNetwork(node.op_type, "an output of a given shape")
    pads, extra = pads_of(node, attributes), attributes.get("output_padding", (0, 0))
    spreads = []
    for axis in (0, 1):
        size, before, after = weight.shape[2 + axis], pads[axis], pads[axis + 2] - extra[axis]
        if after < 0:
            raise UnsupportedNetwork(node.op_type, "more output padding than padding")
        if strides[axis] > size:
            raise UnsupportedNetwork(node.op_type, "strides larger than its kernel, which leave gaps")
        spreads.append(Spread((size - 1) * dilations[axis] + 1, strides[axis], before, after))
    operation = TransposedConvolution(
        weight=weight,
        bias=partial.constant(node, 2),
        strides=strides,
        dilations=dilations,
        groups=attributes.get("group", 1),
        axes=(spreads[0], spreads[1]),
    )
    partial.add(node.output[0], (partial.picture(node),), operation)


def _pad(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads Pad, whose margins and value are attributes before opset 11."""
    given = attributes["pads"] if "pads" in attributes else partial.required(node, 1)
    pads = [int(pad) for pad in given]
    mode = attributes.get("mode", b"constant").decode()
    axes = partial.constant(node, 3)
    if axes is not None:
        pads = _on_all_axes(pads, [int(axis) % 4 for axis in axes])
    if len(pads) != 8 or any(pads[index] for index in (0, 1, 4, 5)) or min(pads) < 0:
        raise UnsupportedNetwork("Pad", "of other axes than height and width")
    if mode not in ("constant", "reflect", "edge"):
        raise UnsupportedNetwork("Pad", f"mode {mode}")
    value = partial.constant(node, 2)
    filling = float(attributes.get("value", 0.0) if value is None else value.reshape(()))
    margins = (Margin(pads[2], pads[6]), Margin(pads[3], pads[7]))
    partial.add(node.output[0], (partial.picture(node),), Pad(mode, filling, margins))


def _on_all_axes(pads: Sequence[int], axes: Sequence[int]) -> list[int]:
    spread = [0] * 8
    for axis, before, after in zip(axes, pads[: len(axes)], pads[len(axes) :], strict=True):
        spread[axis], spread[axis + 4] = before, after
    return spread


def _normalisation(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    scale, shift = partial.required(node, 1), partial.required(node, 2)
    operation = Normalisation(scale, shift, float(attributes.get("epsilon", 1e-5)))
    partial.add(node.output[0], (partial.picture(node),), operation)


def _batch_normalisation(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads BatchNormalization as a multiplication and an addition, which it is once its statistics are stored."""
    if attributes.get("training_mode", 0):
        raise UnsupportedNetwork("BatchNormalization", "in training mode")
    scale, shift, mean, variance = (partial.required(node, index).astype(np.float64) for index in range(1, 5))
    factor = scale / np.sqrt(variance + attributes.get("epsilon", 1e-5))
    scaled, rest = f"{node.output[0]}/scaled", shift - mean * factor
    partial.add(scaled, (partial.picture(node),), Pointwise("Mul", (0, factor.astype(np.float32)), {}))
    partial.add(node.output[0], (scaled,), Pointwise("Add", (0, rest.astype(np.float32)), {}))


def _pool(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    if any(pads_of(node, attributes)) or attributes.get("ceil_mode", 0) or len(node.output) > 1:
        raise UnsupportedNetwork(node.op_type, "with padding, rounding up or the places of maxima")
    if _two(attributes, "dilations") != (1, 1):
        raise UnsupportedNetwork(node.op_type, "with dilation")
    kernel, strides = _two(attributes, "kernel_shape"), _two(attributes, "strides")
    operation = Pool(node.op_type, kernel, strides, _windows(kernel, strides, (1, 1)))
    partial.add(node.output[0], (partial.picture(node),), operation)


def _resize(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    if len(node.input) == 2:  # before opset 11
        _upsample(partial, node, attributes)
        return
    scales = partial.constant(node, 2)
    if scales is None or any(node.input[3:]) or "axes" in attributes:
        raise UnsupportedNetwork("Resize", "to a size instead of by a factor for each axis")
    _scaled(partial, node, scales, attributes)


def _upsample(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    scales = attributes["scales"] if "scales" in attributes else partial.required(node, 1)
    changes = {"coordinate_transformation_mode": b"asymmetric", "nearest_mode": b"floor"}
    _scaled(partial, node, scales, {**attributes, **changes})


def _scaled(
    partial: PartialNetwork, node: onnx.NodeProto, scales: Sequence[float] | Array, attributes: Attributes
) -> None:
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
        raise UnsupportedNetwork(node.op_type, f"{mode.decode()}, {coordinates.decode()}, by {by}")
    kept = ("mode", "coordinate_transformation_mode", "nearest_mode")
    operation = Resize(
        (factors[2], factors[3]),
        {name: attributes[name] for name in kept if name in attributes},
        (Scale(factors[2]), Scale(factors[3])),
    )
    partial.add(node.output[0], (partial.picture(node),), operation)


def _concat(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    if attributes.get("axis") not in (1, -3):
        raise UnsupportedNetwork("Concat", "along another axis than the channels")
    partial.add(node.output[0], tuple(partial.picture(node, index) for index in range(len(node.input))), Concat())


READERS: Mapping[str, Callable[[PartialNetwork, onnx.NodeProto, Attributes], None]] = {
    **dict.fromkeys(POINTWISE, _pointwise),
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
"""What appends a node's layers to the network, by the node's operation; each raises UnsupportedNetwork."""
