"""What onnxruntime's kernels on a CPU need beside their inputs and outputs, and which of them overwrite an input."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import onnx
from onnx import helper

from server.engine.footprint.shapes import Value

# A thread's part of a convolution's or matrix multiplication's operands, put in order.
_PACKED = 256 << 10

_RENAMING = frozenset(["Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Dropout"])
_BOTH = frozenset(["Add", "Sub", "Mul", "Div"])
_OVERWRITING = _BOTH.union(
    ["Relu", "LeakyRelu", "Elu", "Selu", "Celu", "ThresholdedRelu", "Sigmoid", "HardSigmoid", "Tanh", "Softplus"],
    ["Softsign", "Clip", "Neg", "Abs", "Sqrt", "Exp", "Log", "Floor", "Ceil", "Reciprocal", "Not", "Cast", "Sum"],
)
# They make nothing but their outputs.
_FRUGAL = frozenset[str]().union(
    ["Conv", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "BatchNormalization"],
    ["InstanceNormalization", "LayerNormalization", "Concat", "Split", "Slice", "Pad", "Transpose", "Gather"],
    ["ScatterND", "Expand", "Tile", "DepthToSpace", "SpaceToDepth", "Upsample", "MatMul", "Gemm", "PRelu", "Erf"],
    ["Gelu", "Round", "Sign", "Greater", "Less", "Equal", "GreaterOrEqual", "LessOrEqual", "And", "Or", "Xor"],
    ["IsNaN", "IsInf", "Shape", "Size", "Constant", "ConstantOfShape", "Range", "Sin", "Cos", "Min", "Max", "Pow"],
    ["Mod", "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "If", "Loop", "Scan", "GridSample", "Trilu"],
)
_MATRICES = frozenset(["Conv", "MatMul", "Gemm"])


def renames(operation: str) -> bool:
    """Whether the output is the first input's memory as it is."""
    return operation in _RENAMING


def overwritten(operation: str, inputs: Sequence[str]) -> tuple[str, ...]:
    """The inputs whose memory the output may take."""
    if operation not in _OVERWRITING:
        return ()
    return tuple(inputs[:2] if operation in _BOTH else inputs[:1])


def workspace(node: onnx.NodeProto, inputs: Sequence[Value], outputs: Sequence[Value]) -> int:
    """Bytes that the kernel needs meanwhile; for one that is not known as much as for copies of all that it sees and
    makes."""
    operation = node.op_type
    if operation in _OWN:
        return _OWN[operation](node, inputs, outputs)
    if operation in _RENAMING or operation in _OVERWRITING:
        return 0
    if operation in _FRUGAL and node.domain in ("", "ai.onnx"):
        return _PACKED if operation in _MATRICES else 0
    return sum(value.bytes for value in (*inputs, *outputs) if not value.constant)


def _transposed(node: onnx.NodeProto, inputs: Sequence[Value], outputs: Sequence[Value]) -> int:
    """The products of every input pixel with the kernel, before they are added up."""
    source, weight = inputs[0].shape, inputs[1].shape
    if source is None or weight is None:
        return 9 * outputs[0].bytes
    return math.prod(weight[1:]) * math.prod(source[2:]) * 4 + _PACKED


def _softmax(node: onnx.NodeProto, inputs: Sequence[Value], outputs: Sequence[Value]) -> int:
    """Along another axis than the last one it turns its input and its output round."""
    axis = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}.get("axis", -1)
    rank = len(inputs[0].shape or ())
    return 0 if axis in (-1, rank - 1) else inputs[0].bytes + outputs[0].bytes


def _where(node: onnx.NodeProto, inputs: Sequence[Value], outputs: Sequence[Value]) -> int:
    """It selects from each side by itself first."""
    return 2 * outputs[0].bytes


def _resize(node: onnx.NodeProto, inputs: Sequence[Value], outputs: Sequence[Value]) -> int:
    """By cubic interpolation it goes through one axis first."""
    mode = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}.get("mode", b"nearest")
    return inputs[0].bytes + outputs[0].bytes if mode == b"cubic" else 0


def _composed(node: onnx.NodeProto, inputs: Sequence[Value], outputs: Sequence[Value]) -> int:
    """It is computed as several other operations."""
    return 3 * max(inputs[0].bytes, outputs[0].bytes)


_OWN: dict[str, Callable[[onnx.NodeProto, Sequence[Value], Sequence[Value]], int]] = {
    "ConvTranspose": _transposed,
    "Resize": _resize,
    "Softmax": _softmax,
    "LogSoftmax": _softmax,
    "Where": _where,
    "GroupNormalization": _composed,
    "MeanVarianceNormalization": _composed,
    "HardSwish": _composed,
    "Mish": _composed,
}
