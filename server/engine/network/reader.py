"""From an ONNX graph to a Network, or to the name of what is not supported."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import onnx
from onnx import TensorProto, helper, numpy_helper

from server.engine.network.network import Layer, Network
from server.engine.network.onnx_operators import POINTWISE, READERS
from server.engine.network.operations import Convolution, Normalisation, TransposedConvolution
from server.engine.network.partial_network import PartialNetwork
from server.engine.network.unsupported import UnsupportedNetwork

# What exporters compute from constants; all of it is deterministic.
_SHAPING = "Cast Clip Concat ConstantOfShape Gather Reshape Shape Slice Squeeze Transpose Unsqueeze"
_FOLDED = POINTWISE.union(_SHAPING.split(" "))
# From this opset on, operands broadcast as in numpy.
_OLDEST_OPSET = 7


def read_network(data: bytes, *, input: str, output: str) -> Network:
    """The network in a serialised ONNX model, from the graph's value ``input`` to its value ``output``. Raises
    UnsupportedNetwork."""
    model = onnx.load_model_from_string(data)
    _check(model)
    channels = _channels_of(model.graph, input)
    partial = PartialNetwork(model, input)
    for node in _needed(model.graph, output):
        _read(partial, node)
    if not partial.layers or partial.layers[-1].name != output:
        raise UnsupportedNetwork("the output", "no layer computes it")
    return Network(input, channels, tuple(_without_lost_biases(partial.layers)))


def _check(model: onnx.ModelProto) -> None:
    if model.functions:
        raise UnsupportedNetwork(model.functions[0].name, "a function of its own")
    for entry in model.opset_import:
        if entry.domain in ("", "ai.onnx") and entry.version < _OLDEST_OPSET:
            raise UnsupportedNetwork(f"opset {entry.version}", f"older than {_OLDEST_OPSET}")


def _channels_of(graph: onnx.GraphProto, input: str) -> int:
    (kind,) = (end.type.tensor_type for end in graph.input if end.name == input)
    if kind.elem_type not in (TensorProto.FLOAT, TensorProto.FLOAT16):
        raise UnsupportedNetwork("the input", "its values are not of type float or float16")
    if len(kind.shape.dim) != 4 or kind.shape.dim[1].dim_value < 1:
        raise UnsupportedNetwork("the input", "its number of channels is not known")
    return int(kind.shape.dim[1].dim_value)


def _needed(graph: onnx.GraphProto, output: str) -> list[onnx.NodeProto]:
    """The nodes that the output depends on, in the graph's order."""
    wanted, found = {output}, []
    for node in reversed(graph.node):
        if wanted.intersection(node.output):
            wanted.update(name for name in node.input if name)
            found.append(node)
    return found[::-1]


def _read(partial: PartialNetwork, node: onnx.NodeProto) -> None:
    attributes = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
    if node.domain not in ("", "ai.onnx"):
        raise UnsupportedNetwork(node.op_type, "not one of ONNX's own operations")
    if node.op_type == "Constant" and "value" in attributes:
        partial.constants[node.output[0]] = numpy_helper.to_array(attributes["value"])
    elif node.op_type == "Constant" or (node.op_type in _FOLDED and partial.has_constants_only(node)):
        partial.fold(node)
    elif node.op_type in READERS:
        READERS[node.op_type](partial, node, attributes)
    else:
        raise UnsupportedNetwork(node.op_type)


def _without_lost_biases(layers: list[Layer]) -> list[Layer]:
    """The layers, where a convolution that only a normalisation sees has no bias: normalising would remove it again."""
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
