"""Operations on each value separately, as layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import onnx
from onnx import TensorProto

from server.engine.network.arrays import Array
from server.engine.network.operations import Operation, Pointwise, Quantity
from server.engine.network.partial_network import Attributes, PartialNetwork
from server.engine.network.plain_pictures import is_plain, picture, same_axis
from server.engine.network.tensor_view import CHANNELS, Axis, TensorView, factors_of_channels
from server.engine.network.unsupported import UnsupportedNetwork

_ACTIVATIONS = (
    "Relu LeakyRelu PRelu Elu Selu Celu Softplus Softsign HardSigmoid HardSwish ThresholdedRelu Gelu Mish Sigmoid Tanh"
)
_ARITHMETIC = "Identity Neg Abs Sqrt Exp Log Erf Floor Ceil Round Sign Reciprocal Add Sub Mul Div Max Min Pow"
POINTWISE = frozenset(f"{_ACTIVATIONS} {_ARITHMETIC}".split())

_FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE)


class _InDifferentOrders(UnsupportedNetwork):
    """Pictures cannot be taken together as they are shown."""


def read_pointwise(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads an operation on pictures, constants that broadcast over them, and numbers that follow from their size."""
    views = [_seen(partial, node, index) for index in range(len(node.input))]
    constants = [None if view else partial.required(node, index) for index, view in enumerate(views)]
    numbers = [one for one in constants if one is not None]
    try:
        shown = _together(partial, node.op_type, [view for view in views if view], numbers)
    except _InDifferentOrders:
        views = [view and partial.plain(picture(partial, node, index)) for index, view in enumerate(views)]
        shown = _together(partial, node.op_type, [view for view in views if view], numbers)
    inputs = tuple(dict.fromkeys(view.layer for view in views if view))
    operands = tuple(
        inputs.index(view.layer) if view else _by_channel(node.op_type, shown, constant)
        for view, constant in zip(views, constants, strict=True)
    )
    add_shown(partial, node.output[0], shown, inputs, Pointwise(node.op_type, operands, attributes))


def read_clip(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads Clip, whose limits are attributes before opset 11 and may be left out."""
    lowest = np.finfo(np.float32).min
    limits: list[Array] = []
    for index, (name, default) in enumerate((("min", lowest), ("max", -lowest)), 1):
        value = partial.constant(node, index)
        limits.append(np.asarray(attributes.get(name, default) if value is None else value, np.float32).reshape(()))
    view = partial.view(node)
    add_shown(partial, node.output[0], view, (view.layer,), Pointwise("Clip", (0, *limits), {}))


def read_batch_normalisation(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads BatchNormalization as a multiplication and an addition, which it is once its statistics are stored."""
    if attributes.get("training_mode", 0):
        raise UnsupportedNetwork("BatchNormalization", "in training mode")
    scale, shift, mean, variance = (partial.required(node, index).astype(np.float64) for index in range(1, 5))
    factor = scale / np.sqrt(variance + attributes.get("epsilon", 1e-5))
    view, name = partial.view(node), node.output[0]
    for to, operation, values in ((f"{name}/scaled", "Mul", factor), (name, "Add", shift - mean * factor)):
        broadcast = values.astype(np.float32).reshape(-1, *(1,) * (len(view.axes) - 2))
        operand = _by_channel("BatchNormalization", view, broadcast)
        add_shown(partial, to, view, (view.layer,), Pointwise(operation, (0, operand), {}))
        view = partial.views[to]


def read_unchanged(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads Dropout, and Cast between types that are all computed with as float32."""
    if node.op_type == "Cast" and attributes["to"] not in _FLOATS:
        raise UnsupportedNetwork("Cast", "to another type than a float's")
    if node.op_type == "Dropout" and len(node.input) > 2 and node.input[2] and partial.required(node, 2).any():
        raise UnsupportedNetwork("Dropout", "in training mode")
    partial.views[node.output[0]] = partial.view(node)


def add_shown(
    partial: PartialNetwork, name: str, like: TensorView, inputs: tuple[str, ...], operation: Operation
) -> None:
    """Appends a layer of the size of the one that ``like`` shows, and makes ``name`` show it likewise."""
    plain = partial.add(name, inputs, operation)
    shown = replace(plain, axes=like.axes, made_by=like.made_by)
    if not is_plain(partial, shown):
        partial.views[name] = shown


def _seen(partial: PartialNetwork, node: onnx.NodeProto, index: int) -> TensorView | None:
    """The operand's view; None where it is constant."""
    name = node.input[index]
    if name in partial.lengths and name not in partial.constants:
        (length,) = partial.lengths[name].reshape(-1) if partial.lengths[name].size == 1 else (None,)
        if length is None:
            raise UnsupportedNetwork(node.op_type, "several numbers that follow from the picture's size")
        return replace(partial.add(f"{node.output[0]}/{index}", (partial.input,), Quantity(length)), axes=())
    return partial.views.get(name)


def _together(
    partial: PartialNetwork, operation: str, views: Sequence[TensorView], constants: Sequence[Array]
) -> TensorView:
    """How the result of an operation on these is shown: operands broadcast from the last axis on."""
    widest = max(views, key=lambda view: (len(view.axes), view.channels))
    axes = tuple(
        _common(partial, operation, [view.axes[-place] for view in views if place <= len(view.axes)])
        for place in range(len(widest.axes), 0, -1)
    )
    shown = replace(widest, axes=axes, channels=max(view.channels for view in views))
    return _with_channels(shown, constants)


def _common(partial: PartialNetwork, operation: str, axes: Sequence[Axis]) -> Axis:
    first, *others = [axis for axis in axes if axis] or [()]
    if not all(same_axis(partial, first, axis) for axis in others):
        raise _InDifferentOrders(operation, "of pictures whose axes are in different orders")
    return first


def _with_channels(shown: TensorView, constants: Sequence[Array]) -> TensorView:
    """The view where constants tell channels apart that it shows as one: those of a mean over all of them, or one that
    becomes several."""
    if any(factor.dimension == CHANNELS for axis in shown.axes for factor in axis):
        return shown
    for place in range(len(shown.axes)):
        before = len(shown.axes) - place
        length = max((one.shape[-before] for one in constants if before <= one.ndim), default=1)
        is_of_one = shown.channels == 1 and place == shown.axis_of_channels()
        if length > 1 and not shown.axes[place] and (is_of_one or shown.channels == length):
            axes = (*shown.axes[:place], factors_of_channels(length), *shown.axes[place + 1 :])
            return replace(shown, channels=length, axes=axes)
    return shown


def _by_channel(operation: str, shown: TensorView, value: Array | None) -> Array:
    """A constant operand, as a single value (no axes) or one for each channel (one axis)."""
    assert value is not None
    if value.ndim > 4 or (value.ndim > len(shown.axes) and value.size > 1):
        raise UnsupportedNetwork(operation, "a constant of more axes than the picture")
    if value.size == 1:
        return value.reshape(())
    found = shown.by_channel(value)
    if found is None:
        raise UnsupportedNetwork(operation, "a constant that differs from place to place")
    return found
