"""Pictures that a network takes and gives as whole numbers, such as bytes, and computes in floats between."""

from __future__ import annotations

import onnx
from onnx import TensorProto, helper

from server.engine.network.unsupported import UnsupportedNetwork

_KINDS = (
    TensorProto.UINT8,
    TensorProto.INT8,
    TensorProto.UINT16,
    TensorProto.INT16,
    TensorProto.UINT32,
    TensorProto.INT32,
    TensorProto.INT64,
)
_FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16)
_UNCHANGING = ("Identity", "Transpose")


def take_floats(graph: onnx.GraphProto, input: str, output: str) -> None:
    """Makes ``input`` and ``output`` floats where they are whole numbers: what comes in must be whole already, and what
    goes out is cut off. Raises UnsupportedNetwork where something is computed in whole numbers."""
    ends = [*((end, _check_users) for end in graph.input), *((end, _cut_off) for end in graph.output)]
    for end, change in ends:
        kind = end.type.tensor_type
        if end.name in (input, output) and kind.elem_type in _KINDS:
            kind.elem_type = TensorProto.FLOAT
            change(graph, end.name)


def _check_users(graph: onnx.GraphProto, name: str) -> None:
    for node in graph.node:
        if name in node.input:
            if node.op_type in _UNCHANGING:
                _check_users(graph, node.output[0])
            elif not (node.op_type == "Cast" and helper.get_node_attr_value(node, "to") in _FLOATS):
                raise UnsupportedNetwork(node.op_type, "on whole numbers")


def _cut_off(graph: onnx.GraphProto, name: str) -> None:
    maker = next((node for node in graph.node if name in node.output), None)
    if maker is not None and maker.op_type in _UNCHANGING:
        _cut_off(graph, maker.input[0])
    elif maker is not None and maker.op_type == "Cast" and _users(graph, maker.output[0]) <= 1:
        maker.op_type = "Floor"
        del maker.attribute[:]
    else:
        raise UnsupportedNetwork("the output", "it is computed in whole numbers")


def _users(graph: onnx.GraphProto, name: str) -> int:
    return sum(name in node.input for node in graph.node)
