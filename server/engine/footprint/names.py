"""The shapes of a graph's values as far as they are known for every size of picture, as onnxruntime infers them."""

from __future__ import annotations

from collections.abc import Mapping

import onnx
from onnx import shape_inference

from server.engine.footprint.shapes import Value

Lengths = tuple[int | str, ...]
"""Of each axis its length, or the name that stands for it."""

# What onnx calls lengths that it does not know, and that onnxruntime does not call anything.
_MADE_UP = "unk__"


def named_shapes(model: onnx.ModelProto, constants: Mapping[str, Value]) -> dict[str, Lengths]:
    """By the values' names; those with an axis that has neither a length nor a name are left out. ``constants`` are
    stored values that are not in the model itself."""
    known = onnx.ModelProto()
    known.CopyFrom(model)
    for name, value in constants.items():
        if value.shape is not None and all(name != end.name for end in known.graph.input):
            known.graph.input.append(onnx.helper.make_tensor_value_info(name, value.kind, value.shape))
    try:
        graph = shape_inference.infer_shapes(known).graph
    except Exception:  # whatever it does not like, nothing is known then
        return {}
    found: dict[str, Lengths] = {}
    for info in (*graph.input, *graph.value_info, *graph.output):
        axes = info.type.tensor_type.shape.dim
        lengths = tuple(axis.dim_value or axis.dim_param for axis in axes)
        if all(lengths) and not any(str(length).startswith(_MADE_UP) for length in lengths):
            found[info.name] = lengths
    return found
