"""What every value of an ONNX graph is for a picture of one size: its type and shape and, of small ones, its value."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper, shape_inference

from server.engine.footprint.small_values import SmallValues

Array = NDArray[Any]

# What says where a reshape goes or how far a resize has a few numbers; larger constants are weights.
_FEW = 4096

HALVES = (TensorProto.FLOAT16, TensorProto.BFLOAT16)
"""The types of half precision."""


@dataclass(frozen=True)
class Value:
    """One value: ``kind`` is ONNX's type, ``shape`` is None where it is not known, and then ``guess`` stands for its
    bytes. A ``constant`` one is the network's own and never made in a run."""

    kind: int
    shape: tuple[int, ...] | None
    value: Array | None = None
    guess: int = 0
    constant: bool = False

    @classmethod
    def of(cls, value: Array, *, known: bool = True) -> Value:
        """An array; only its type and shape, unless it is ``known``."""
        return cls(helper.np_dtype_to_tensor_dtype(value.dtype), value.shape, value if known else None)

    @property
    def bytes(self) -> int:
        """What it takes in memory; onnxruntime computes at full precision on a CPU."""
        if self.shape is None:
            return self.guess
        return math.prod(self.shape) * (
            4 if self.kind in HALVES else helper.tensor_dtype_to_np_dtype(self.kind).itemsize
        )

    @property
    def made_bytes(self) -> int:
        """What it takes of the memory of a run."""
        return 0 if self.constant else self.bytes

    def proto(self) -> onnx.TypeProto:
        """As ONNX has it."""
        return helper.make_tensor_type_proto(self.kind, self.shape)


class Shapes:
    """Infers the values of the graph of one model. It remembers what it has computed of constants."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._opsets = {entry.domain: entry.version for entry in model.opset_import}
        self._imports = list(model.opset_import)
        self._ir_version = model.ir_version
        self._small = SmallValues(model.opset_import)

    def outputs(self, node: onnx.NodeProto, known: Mapping[str, Value]) -> list[Value]:
        """What the node gives, by what is ``known`` of its inputs; guesses where ONNX does not say."""
        inputs = [known[name] for name in node.input if name in known]
        if node.op_type == "Constant" and not node.input:
            return [_constant(node)]
        if node.op_type in ("Shape", "Size") and inputs and inputs[0].shape is not None:
            return [_shape(node, inputs[0].shape)]
        constant = bool(node.input) and all(known[name].constant for name in node.input if name in known)
        given = [value.value for value in inputs]
        if node.output and inputs and all(value is not None for value in given) and _is_small(given):
            computed = self._small.outputs(
                node, {name: np.asarray(known[name].value) for name in node.input if name in known}
            )
            if computed is not None:
                return [_known(value, constant=constant) for value in computed]
        return self._inferred(node, known, inputs, constant=constant)

    def _inferred(
        self, node: onnx.NodeProto, known: Mapping[str, Value], inputs: Sequence[Value], *, constant: bool
    ) -> list[Value]:
        types = {name: known[name].proto() for name in node.input if name in known}
        data = {
            name: numpy_helper.from_array(np.asarray(value), name)
            for name in node.input
            if name in known and (value := known[name].value) is not None
        }
        try:
            schema = onnx.defs.get_schema(node.op_type, self._opsets[node.domain or ""], node.domain)
            found = shape_inference.infer_node_outputs(
                schema, node, types, data, opset_imports=self._imports, ir_version=self._ir_version
            )
        except Exception:  # an operation that is not ONNX's own, or one whose inference needs what nobody knows
            found = {}
        guess = max((value.bytes for value in inputs), default=0)
        return [_of_type(found.get(name), inputs, guess, constant=constant) for name in node.output]


def constants_of(graph: onnx.GraphProto) -> dict[str, Value]:
    """A graph's stored values, by name."""
    return {tensor.name: _stored(tensor) for tensor in graph.initializer}


def _stored(tensor: onnx.TensorProto) -> Value:
    is_small = math.prod(tensor.dims) <= _FEW
    value = numpy_helper.to_array(tensor) if is_small else None
    return Value(tensor.data_type, tuple(tensor.dims), value, constant=True)


def _constant(node: onnx.NodeProto) -> Value:
    (attribute,) = node.attribute
    value = helper.get_attribute_value(attribute)
    if isinstance(value, TensorProto):
        return _stored(value)
    numbers = np.asarray(value)
    if numbers.dtype.kind == "f":
        numbers = numbers.astype(np.float32)
    return _known(numbers, constant=True) if numbers.dtype.kind in "if" else Value(TensorProto.STRING, (1,))


def _shape(node: onnx.NodeProto, shape: Sequence[int]) -> Value:
    if node.op_type == "Size":
        return _known(np.array(math.prod(shape)), constant=False)
    limits = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
    return _known(np.array(shape[limits.get("start", 0) : limits.get("end", len(shape))], np.int64), constant=False)


def _known(value: Any, *, constant: bool) -> Value:
    array = np.asarray(value)
    kind = helper.np_dtype_to_tensor_dtype(array.dtype)
    return Value(kind, array.shape, array if array.size <= _FEW else None, constant=constant)


def _is_small(values: Iterable[Array | None]) -> bool:
    return sum(value.size for value in values if value is not None) <= _FEW


def _of_type(found: onnx.TypeProto | None, inputs: Sequence[Value], guess: int, *, constant: bool) -> Value:
    kind = found.tensor_type.elem_type if found is not None else (inputs[0].kind if inputs else TensorProto.FLOAT)
    lengths: list[int] | None = None
    if found is not None and found.tensor_type.HasField("shape"):
        axes = found.tensor_type.shape.dim
        if all(axis.HasField("dim_value") for axis in axes):
            lengths = [axis.dim_value for axis in axes]
    return Value(kind or TensorProto.FLOAT, None if lengths is None else tuple(lengths), None, guess, constant)
