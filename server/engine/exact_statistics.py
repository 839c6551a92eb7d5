"""A network whose instance normalisations and means over pictures keep their digits where a picture is nearly even.

Libraries add up a whole plane in float32, and so lose digits of every value that is small beside the sum. Here means
are written out as those of rows, then of the rows' means; and a variance as that of what is left when the mean is taken
from all values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from server.engine.network.arrays import Array

# From these opsets on operands broadcast as in numpy, and ReduceMean has its axes as an operand.
_BROADCASTS, _AXES_AS_OPERAND = 7, 18
_SUMMED = (TensorProto.FLOAT, TensorProto.FLOAT16)
# Larger constants are weights, which say nothing about shapes but their own.
_SHAPE_BYTES = 1024


def with_exact_statistics(data: bytes) -> bytes:
    """The serialised model with every InstanceNormalization, GlobalAveragePool and ReduceMean over several axes written
    out; all else, and where the number of axes is not known, as it is."""
    if not any(name in data for name in (b"InstanceNormalization", b"GlobalAveragePool", b"ReduceMean")):
        return data
    model = onnx.load_model_from_string(data)
    written = _Written(model)
    nodes = [new for node in model.graph.node for new in written.nodes(node)]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(written.constants)
    return bytes(model.SerializeToString())


class _Written:
    """Writes nodes out; ``constants`` are what the new ones need."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.constants: list[onnx.TensorProto] = []
        self._opset = next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
        self._kinds = _kinds(model)
        self._stored = {tensor.name: tensor for tensor in model.graph.initializer} | _constants(model)
        self._new: list[onnx.NodeProto] = []
        self._prefix = ""

    def nodes(self, node: onnx.NodeProto) -> Sequence[onnx.NodeProto]:
        """What computes the same as ``node``."""
        kind = self._kinds.get(node.input[0]) if node.input else None
        if kind is None or kind[0] not in _SUMMED or node.domain not in ("", "ai.onnx") or self._opset < _BROADCASTS:
            return [node]
        self._new, self._prefix = [], node.output[0]
        attributes = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
        match node.op_type:
            case "InstanceNormalization":
                self._normalisation(node, kind, float(attributes.get("epsilon", 1e-5)))
            case "GlobalAveragePool":
                self._mean(node.input[0], range(2, kind[1]), output=node.output[0])
            case "ReduceMean":
                axes = self._axes(node, attributes, kind[1])
                if len(axes) > 1:
                    self._mean(node.input[0], axes, keepdims=attributes.get("keepdims", 1), output=node.output[0])
        return self._new or [node]

    def _normalisation(self, node: onnx.NodeProto, kind: tuple[int, int], epsilon: float) -> None:
        element, rank = kind
        picture, scale, shift = (self._add("Cast", name, to=TensorProto.FLOAT) for name in node.input)
        scale, shift = (self._by_channel(name, rank) for name in (scale, shift))
        rest = self._add("Sub", picture, self._mean(picture, range(2, rank)))
        mean, square = (self._mean(one, range(2, rank)) for one in (rest, self._add("Mul", rest, rest)))
        variance = self._add("Relu", self._add("Sub", square, self._add("Mul", mean, mean)))
        deviation = self._add("Sqrt", self._add("Add", variance, self._number(epsilon)))
        factor = self._add("Div", scale, deviation)
        offset = self._add("Sub", shift, self._add("Mul", mean, factor))
        found = self._add("Add", self._add("Mul", rest, factor), offset)
        self._add("Cast", found, to=element, output=node.output[0])

    def _mean(self, value: str, axes: Sequence[int], *, keepdims: int = 1, output: str | None = None) -> str:
        """The mean over these axes (from the first one counted), the last one first."""
        ordered = sorted(axes, reverse=True)
        for axis in ordered:
            is_last = axis == ordered[-1]
            value = self._reduced(value, axis, keepdims, output if is_last else None)
        return value

    def _reduced(self, value: str, axis: int, keepdims: int, output: str | None) -> str:
        if self._opset < _AXES_AS_OPERAND:
            return self._add("ReduceMean", value, axes=[axis], keepdims=keepdims, output=output)
        axes = self._constant(np.array([axis]))
        return self._add("ReduceMean", value, axes, keepdims=keepdims, output=output)

    def _axes(self, node: onnx.NodeProto, attributes: Mapping[str, Sequence[int]], rank: int) -> Sequence[int]:
        """Those of a ReduceMean, counted from the first one; none where they are computed or left out."""
        axes = attributes.get("axes", ())
        if len(node.input) > 1 and node.input[1] in self._stored:
            axes = numpy_helper.to_array(self._stored[node.input[1]]).reshape(-1).tolist()
        return [axis % rank for axis in axes]

    def _by_channel(self, value: str, rank: int) -> str:
        return self._add("Reshape", value, self._constant(np.array([-1, *[1] * (rank - 2)])))

    def _number(self, value: float) -> str:
        return self._constant(np.array(value, np.float32))

    def _constant(self, value: Array) -> str:
        name = f"{self._prefix}/exact constant {len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def _add(self, operation: str, *operands: str, output: str | None = None, **attributes: object) -> str:
        name = output or f"{self._prefix}/exact {len(self._new)}"
        self._new.append(helper.make_node(operation, list(operands), [name], **attributes))
        return name


def _constants(model: onnx.ModelProto) -> dict[str, onnx.TensorProto]:
    """Those that are nodes, by the names of their outputs."""
    constants = (node for node in model.graph.node if node.op_type == "Constant")
    return {node.output[0]: entry.t for node in constants for entry in node.attribute if entry.name == "value"}


def _kinds(model: onnx.ModelProto) -> dict[str, tuple[int, int]]:
    """The type and the rank of all values for which they are known, by name."""
    graph = onnx.GraphProto(name="shapes", node=model.graph.node, input=model.graph.input, output=model.graph.output)
    graph.value_info.extend(model.graph.value_info)
    for tensor in model.graph.initializer:
        if tensor.ByteSize() <= _SHAPE_BYTES:
            graph.initializer.append(tensor)
        else:
            graph.input.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
    skeleton = onnx.ModelProto(graph=graph, opset_import=model.opset_import, ir_version=model.ir_version)
    inferred = onnx.shape_inference.infer_shapes(skeleton).graph
    return dict(_known([*inferred.input, *inferred.value_info, *inferred.output]))


def _known(values: Sequence[onnx.ValueInfoProto]) -> Iterator[tuple[str, tuple[int, int]]]:
    for value in values:
        kind = value.type.tensor_type
        if kind.elem_type and kind.HasField("shape"):
            yield value.name, (kind.elem_type, len(kind.shape.dim))
