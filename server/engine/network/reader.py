"""From an ONNX graph to a Network, or the name of what cannot be computed in pieces."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import onnx
from onnx import TensorProto, helper, numpy_helper

from server.engine.network.network import Convolution, Layer, Network, Normalisation, TransposedConvolution
from server.engine.network.onnx_operators import POINTWISE, READERS
from server.engine.network.partial_network import NotInPieces, Reading

__all__ = ["NotInPieces", "read_network"]

# What exporters compute from constants. Nothing in it is left to chance.
_SHAPING = "Cast Clip Concat ConstantOfShape Gather Reshape Shape Slice Squeeze Transpose Unsqueeze"
_FOLDED = POINTWISE.union(_SHAPING.split(" "))
# Since then operations spread their operands as numpy does.
_OLDEST_OPSET = 7


def read_network(data: bytes, *, input: str, output: str) -> Network:
    """Raises NotInPieces."""
    model = onnx.load_model_from_string(data)
    _check(model)
    channels = _channels_of(model.graph, input)
    reading = Reading(model, input)
    for node in _needed(model.graph, output):
        _read(reading, node)
    if not reading.layers or reading.layers[-1].name != output:
        raise NotInPieces("the output", "no layer computes it")
    return Network(input, channels, tuple(_without_lost_biases(reading.layers)))


def _check(model: onnx.ModelProto) -> None:
    if model.functions:
        raise NotInPieces(model.functions[0].name, "a function of its own")
    for entry in model.opset_import:
        if entry.domain in ("", "ai.onnx") and entry.version < _OLDEST_OPSET:
            raise NotInPieces(f"opset {entry.version}", f"older than {_OLDEST_OPSET}")


def _channels_of(graph: onnx.GraphProto, input: str) -> int:
    (kind,) = (end.type.tensor_type for end in graph.input if end.name == input)
    if kind.elem_type not in (TensorProto.FLOAT, TensorProto.FLOAT16):
        raise NotInPieces("the input", "its values are not of type float or float16")
    if len(kind.shape.dim) != 4 or kind.shape.dim[1].dim_value < 1:
        raise NotInPieces("the input", "its number of channels is not known")
    return int(kind.shape.dim[1].dim_value)


def _needed(graph: onnx.GraphProto, output: str) -> list[onnx.NodeProto]:
    """The nodes that the output depends on, in order."""
    wanted, found = {output}, []
    for node in reversed(graph.node):
        if wanted.intersection(node.output):
            wanted.update(name for name in node.input if name)
            found.append(node)
    return found[::-1]


def _read(reading: Reading, node: onnx.NodeProto) -> None:
    attributes = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
    if node.domain not in ("", "ai.onnx"):
        raise NotInPieces(node.op_type, "not one of ONNX's own operations")
    if node.op_type == "Constant" and "value" in attributes:
        reading.constants[node.output[0]] = numpy_helper.to_array(attributes["value"])
    elif node.op_type == "Constant" or (node.op_type in _FOLDED and reading.has_constants_only(node)):
        reading.fold(node)
    elif node.op_type in READERS:
        READERS[node.op_type](reading, node, attributes)
    else:
        raise NotInPieces(node.op_type)


def _without_lost_biases(layers: list[Layer]) -> list[Layer]:
    """A normalisation takes away what a convolution right before it adds to a channel."""
    users = Counter(name for layer in layers for name in layer.inputs)
    normalised = {layer.inputs[0] for layer in layers if isinstance(layer.operation, Normalisation)}
    return [
        replace(layer, operation=replace(layer.operation, bias=None))
        if isinstance(layer.operation, Convolution | TransposedConvolution)
        and layer.name in normalised
        and users[layer.name] == 1
        else layer
        for layer in layers
    ]
