"""Inputs of a network that are the same for every picture: their values become a part of the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from server.errors import FilterProblem


def fix_inputs(model: onnx.ModelProto, values: Mapping[str, Any], sidecar_name: str) -> None:
    """Gives the inputs that ``values`` names these numbers, or nested lists of numbers. Raises FilterProblem for names
    that are no inputs and for values that do not fit."""
    inputs = {end.name: end for end in model.graph.input}
    for name, value in values.items():
        if name not in inputs:
            known = ", ".join(f"'{other[:100]}'" for other in inputs)
            raise FilterProblem(
                f"{sidecar_name} beside it gives a value to the input '{name[:100]}', and its inputs are {known};"
                " correct the name in [inputs]."
            )
        tensor = numpy_helper.from_array(_array(inputs[name], value, sidecar_name), name)
        kept = [other for other in model.graph.initializer if other.name != name]
        del model.graph.initializer[:]
        model.graph.initializer.extend([*kept, tensor])
        model.graph.input.remove(inputs[name])


def _array(end: onnx.ValueInfoProto, value: Any, sidecar_name: str) -> NDArray[Any]:
    """The value in the input's type and shape. Raises FilterProblem."""
    declared = end.type.tensor_type
    lengths = [axis.dim_value if axis.dim_value > 0 else None for axis in declared.shape.dim]
    try:
        return _shaped(_typed(np.asarray(value), declared.elem_type), lengths)
    except (ValueError, TypeError, KeyError, OverflowError):
        expected = " x ".join(str(length or "any") for length in lengths)
        numbers = "one number" if set(lengths) <= {1} else f"{expected} numbers"
        type_name = str(onnx.TensorProto.DataType.Name(declared.elem_type)).lower()
        raise FilterProblem(
            f"{sidecar_name} beside it gives the input '{end.name[:100]}' the value {str(value)[:60]}, and it takes"
            f" {numbers} of type {type_name}; correct it in [inputs]."
        ) from None


def _typed(given: NDArray[Any], element: int) -> NDArray[Any]:
    """Raises ValueError for a fraction where whole numbers are taken, and KeyError for types that numpy lacks."""
    typed = given.astype(onnx.helper.tensor_dtype_to_np_dtype(element))
    if typed.dtype.kind != "f" and not np.array_equal(typed.astype(np.float64), given.astype(np.float64)):
        raise ValueError("It does not fit.")
    return typed


def _shaped(values: NDArray[Any], lengths: Sequence[int | None]) -> NDArray[Any]:
    """One number fills the shape, in which an axis of any length has the length 1. Raises ValueError."""
    shape = tuple(length or 1 for length in lengths)
    if values.ndim == 0:
        return np.full(shape, values)
    is_shaped = values.ndim == len(shape) and all(
        length in (None, given) for length, given in zip(lengths, values.shape, strict=True)
    )
    return values if is_shaped else values.reshape(shape)
