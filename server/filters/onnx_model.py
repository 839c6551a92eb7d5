"""What an ONNX file declares, before onnxruntime loads it: its texts, its inputs and its outputs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import onnx

from server.engine.feed import Precision
from server.errors import FilterProblem

DAMAGED = "It is not an ONNX file, or a damaged or half-copied one; copy or export it again."
_PRECISIONS = {onnx.TensorProto.FLOAT: Precision.FLOAT32, onnx.TensorProto.FLOAT16: Precision.FLOAT16}
_SMALLER = ("Conv", "MaxPool", "AveragePool", "LpPool", "SpaceToDepth")
_OTHER_TYPES = ("DOUBLE", "UINT8", "INT8", "UINT16", "INT16", "UINT32", "INT32", "INT64")


@dataclass(frozen=True)
class OnnxModel:
    """What a filter's ONNX file declares: its text metadata, and its inputs and outputs by name, with their types;
    ``inputs`` are those without a value of their own."""

    proto: onnx.ModelProto
    metadata: dict[str, str]
    inputs: dict[str, Any]
    outputs: dict[str, Any]

    def precision(self, name: str) -> Precision:
        """Returns the precision of the input ``name``. Raises FilterProblem when it does not take floats."""
        precision = _PRECISIONS.get(self.inputs[name].tensor_type.elem_type)
        if precision is None:
            raise FilterProblem(
                f"Its input '{name}' takes {self.type_name(name)}, and a filter float32 or float16; export it with one"
                " of these."
            )
        return precision

    def number_type(self, name: str) -> str:
        """Returns numpy's name for the type that the input ``name`` takes. Raises FilterProblem for one that no picture
        can be given in."""
        kind = self.inputs[name].tensor_type.elem_type
        if kind not in _PRECISIONS and _type_name(kind) not in _OTHER_TYPES:
            raise FilterProblem(
                f"Its input '{name}' takes {self.type_name(name)}, and a picture can be given as float32, float16,"
                " float64, uint8 or another whole number; export it with one of these."
            )
        return str(onnx.helper.tensor_dtype_to_np_dtype(kind).name)

    def type_name(self, name: str) -> str:
        """Returns the type that the input ``name`` takes, for sentences."""
        kind = self.inputs[name]
        if kind.WhichOneof("value") != "tensor_type":
            return "no tensor"
        return {"FLOAT": "float32", "DOUBLE": "float64"}.get(
            given := _type_name(kind.tensor_type.elem_type), given.lower()
        )

    def shape(self, name: str) -> list[int | None]:
        """Returns the lengths of the four axes of the input ``name``, None where dynamic. Raises FilterProblem for any
        other number of axes."""
        axes = self.inputs[name].tensor_type.shape.dim
        if len(axes) != 4:
            raise FilterProblem(
                f"Its input '{name}' has {len(axes)} axes; a picture has four (batch, channels, height and width)."
            )
        # Some exporters write -1 or 0 for what is free.
        return [axis.dim_value if axis.HasField("dim_value") and axis.dim_value > 0 else None for axis in axes]

    def strides(self) -> int:
        """Returns the product of all strides, by which the layers that make maps smaller do so one after the other."""
        found = (_stride(node) for node in self.proto.graph.node if node.op_type in _SMALLER)
        return math.prod(found)


def read_model(data: bytes) -> OnnxModel:
    """Reads what an ONNX file declares. Raises FilterProblem when it is not an ONNX file."""
    try:
        model = onnx.load_model_from_string(data)
    except Exception as error:
        raise FilterProblem(DAMAGED) from error
    graph = model.graph
    texts = [text for entry in model.metadata_props for text in (entry.key, entry.value)]
    if not all(isinstance(text, str) for text in (*texts, *(end.name for end in (*graph.input, *graph.output)))):
        raise FilterProblem(DAMAGED)  # protobuf gives bytes for what is not UTF-8
    constants = {tensor.name for tensor in graph.initializer}
    return OnnxModel(
        proto=model,
        metadata={entry.key: entry.value for entry in model.metadata_props},
        inputs={end.name: end.type for end in graph.input if end.name not in constants},
        outputs={end.name: end.type for end in graph.output},
    )


def _type_name(kind: int) -> str:
    return (
        str(onnx.TensorProto.DataType.Name(kind)) if kind in onnx.TensorProto.DataType.values() else "an unknown type"
    )


def _stride(node: onnx.NodeProto) -> int:
    given = {entry.name: entry for entry in node.attribute}
    if "blocksize" in given:
        return max(int(given["blocksize"].i), 1)
    return max([1, *map(int, given["strides"].ints)]) if "strides" in given else 1
