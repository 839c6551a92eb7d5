"""What a graph computes from the shapes of its tensors: ONNX's operations on arrays of numbers, some of which follow
from the picture's size."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper

from server.engine.network.arrays import Array
from server.engine.network.lengths import Length, Number, lifted
from server.engine.network.partial_network import Attributes, PartialNetwork
from server.engine.network.unsupported import UnsupportedNetwork


def read_shape(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads Shape and Size of what shows pixels: the batch has one picture."""
    shape = numbers(partial.view(node).shape)
    if node.op_type == "Size":
        shape = np.array(lifted(lambda *lengths: math.prod(lengths))(*shape), object)
    else:
        shape = shape[attributes.get("start", 0) : attributes.get("end", len(shape))]
    _keep(partial, node.output[0], shape)


def read_length(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads an operation whose operands are such arrays and constants. Raises UnsupportedNetwork where it is not known
    what it does to them."""
    operands = [_operand(partial, name) for name in node.input]
    try:
        if node.op_type in _ELEMENTWISE:
            found = np.frompyfunc(lifted(_ELEMENTWISE[node.op_type]), len(operands), 1)(*operands)
        else:
            found = _ARRAYS[node.op_type](operands, attributes)
    except (TypeError, ValueError, IndexError):
        raise UnsupportedNetwork(node.op_type, "of numbers that follow from the picture's size") from None
    _keep(partial, node.output[0], np.asarray(found, object))


def is_of_lengths(partial: PartialNetwork, node: onnx.NodeProto) -> bool:
    """Whether it is an operation that can be read so, and its operands are such arrays and constants."""
    known = node.op_type in _ELEMENTWISE or node.op_type in _ARRAYS
    return known and all(not name or name in partial.lengths or name in partial.constants for name in node.input)


def numbers(values: Sequence[Number]) -> Array:
    """An array of numbers, some of which may be Lengths."""
    found = np.empty(len(values), object)
    found[:] = values
    return found


def _operand(partial: PartialNetwork, name: str) -> Any:
    if not name:
        return None
    if name in partial.lengths:
        return partial.lengths[name]
    value = partial.constants[name]
    return numbers(list(value.reshape(-1))).reshape(value.shape)  # keeps numpy's types, unlike astype


def _keep(partial: PartialNetwork, name: str, found: Array) -> None:
    partial.lengths[name] = found
    if not any(isinstance(number, Length) for number in found.reshape(-1)):
        settled = partial.sizes.settled_array(found)
        assert settled is not None
        partial.constants[name] = settled


def _divided(left: Any, right: Any) -> Any:
    """As ONNX divides: whole numbers are cut off."""
    if isinstance(left, float | np.floating) or isinstance(right, float | np.floating):
        return left / right
    return int(left / right) if (left < 0) != (right < 0) else left // right


def _cast(operands: Sequence[Any], attributes: Attributes) -> Array:
    kind = helper.tensor_dtype_to_np_dtype(attributes["to"])
    return np.asarray(np.frompyfunc(lifted(kind.type), 1, 1)(operands[0]), object)


def _axis(operands: Sequence[Any], attributes: Attributes) -> int:
    given = operands[1] if len(operands) > 1 and operands[1] is not None else attributes.get("axes", [0])
    axes = np.asarray(given).reshape(-1)
    if len(axes) != 1:
        raise ValueError
    return int(axes[0])


def _squeezed(operands: Sequence[Any], attributes: Attributes) -> Array:
    found: Array = np.squeeze(operands[0], axis=_axis(operands, attributes))
    return found


def _unsqueezed(operands: Sequence[Any], attributes: Attributes) -> Array:
    return np.expand_dims(operands[0], _axis(operands, attributes))


def _sliced(operands: Sequence[Any], attributes: Attributes) -> Array:
    value = operands[0]
    starts, stops, axes, steps = ([*map(_list, operands[1:]), None, None, None, None])[:4]
    starts = starts if starts is not None else list(attributes["starts"])
    stops = stops if stops is not None else list(attributes["ends"])
    axes = axes if axes is not None else list(attributes.get("axes", range(len(starts))))
    steps = steps if steps is not None else [1] * len(starts)
    places: list[Any] = [slice(None)] * value.ndim
    for start, stop, axis, step in zip(starts, stops, axes, steps, strict=True):
        places[int(axis)] = slice(int(start), int(stop) if abs(int(stop)) < 1 << 31 or step > 0 else None, int(step))
    found: Array = value[tuple(places)]
    return found


def _list(value: Any) -> list[Any] | None:
    return None if value is None else list(value.reshape(-1))


def _reshaped(operands: Sequence[Any], attributes: Attributes) -> Array:
    value, shape = operands
    found: Array = value.reshape([int(length) for length in shape.reshape(-1)])
    return found


def _repeated(operands: Sequence[Any], attributes: Attributes) -> Array:
    value = attributes.get("value")
    filling = onnx.numpy_helper.to_array(value).reshape(-1)[0] if value is not None else np.float32(0)
    (count,) = operands[0].reshape(-1)
    return numbers([filling] * int(count))


def _reduced(operands: Sequence[Any], attributes: Attributes) -> Array:
    value = operands[0].reshape(-1)
    found = lifted(lambda *values: math.prod(values))(*value)
    return numbers([found]) if attributes.get("keepdims", 1) else np.array(found, object)


_ELEMENTWISE: Mapping[str, Callable[..., Any]] = {
    "Identity": lambda value: value,
    "Add": lambda left, right: left + right,
    "Sub": lambda left, right: left - right,
    "Mul": lambda left, right: left * right,
    "Div": _divided,
    "Mod": lambda left, right: left % right,
    "Neg": lambda value: -value,
    "Abs": abs,
    "Floor": np.floor,
    "Ceil": np.ceil,
    "Round": np.round,
    "Sqrt": np.sqrt,
    "Reciprocal": lambda value: 1 / value,
    "Min": min,
    "Max": max,
    "Equal": lambda left, right: left == right,
    "Greater": lambda left, right: left > right,
    "Less": lambda left, right: left < right,
    "Where": lambda condition, left, right: left if condition else right,
}

_ARRAYS: Mapping[str, Callable[[Sequence[Any], Attributes], Array]] = {
    "Cast": _cast,
    "Concat": lambda operands, attributes: np.concatenate(operands, attributes["axis"]),
    "ConstantOfShape": _repeated,
    "Gather": lambda operands, attributes: np.take(
        operands[0], np.asarray(operands[1], np.int64), attributes.get("axis", 0)
    ),
    "ReduceProd": _reduced,
    "Reshape": _reshaped,
    "Slice": _sliced,
    "Squeeze": _squeezed,
    "Transpose": lambda operands, attributes: operands[0].transpose(attributes.get("perm")),
    "Unsqueeze": _unsqueezed,
}
