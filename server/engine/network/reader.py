"""From an ONNX graph to a Network, or to the name of what is not supported."""

from __future__ import annotations

from dataclasses import replace

import onnx
from onnx import TensorProto, helper, numpy_helper

from server.engine.network.network import Network
from server.engine.network.onnx_operators import READERS
from server.engine.network.operations import Pointwise
from server.engine.network.partial_network import PartialNetwork
from server.engine.network.plain_pictures import laid_out
from server.engine.network.pointwise_operators import POINTWISE
from server.engine.network.shape_operators import is_of_lengths, read_length
from server.engine.network.simplifying import simplified
from server.engine.network.unsupported import UnsupportedNetwork
from server.engine.network.whole_numbers import take_floats

# What exporters compute from constants; all of it is deterministic.
_SHAPING = (
    "Cast Clip Concat ConstantOfShape Equal Expand Gather Mod Range ReduceProd Reshape Shape Size Slice Squeeze Tile "
    "Transpose Unsqueeze Where"
)
_FOLDED = POINTWISE.union(_SHAPING.split(" "))
# From this opset on, operands broadcast as in numpy.
_OLDEST_OPSET = 7


def read_network(data: bytes, *, input: str, output: str, channels_last: bool = False) -> Network:
    """The network in a serialised ONNX model, from the graph's value ``input`` to its value ``output``, which are
    N x C x H x W or, with ``channels_last``, N x H x W x C. Raises UnsupportedNetwork."""
    model = onnx.load_model_from_string(data)
    _check(model)
    take_floats(model.graph, input, output)
    channels = _channels_of(model.graph, input, axis=3 if channels_last else 1)
    partial = PartialNetwork(model, input, channels, channels_last=channels_last)
    for node in _needed(model.graph, output):
        try:
            _read(partial, node)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise UnsupportedNetwork(node.op_type, "in a form that is not known") from error
    layers = simplified(partial.layers, _result(partial, input, output))
    sized = tuple(partial.layers) if partial.sizes.equalities else ()
    return Network(input, channels, layers, tuple(partial.sizes.equalities), sized)


def _result(partial: PartialNetwork, input: str, output: str) -> str:
    """The name of the layer that the output shows as the input shows the picture."""
    view, given = partial.views.get(output), partial.views[input]
    if view is None or output == input:
        raise UnsupportedNetwork("the output", "no layer computes it")
    if view.layer in partial.points:
        raise UnsupportedNetwork("the output", "it is one pixel for the whole picture")
    if len(view.axes) == 4 and given.axis_of_channels() == 3:
        rows, columns, channels = view.axes[1:]
        view = replace(view, axes=(view.axes[0], channels, rows, columns))
    layer = laid_out(partial, view, output, "the output")
    if layer == input:
        return partial.add(f"{output}/as it is", (input,), Pointwise("Identity", (0,), {})).layer
    return layer


def _check(model: onnx.ModelProto) -> None:
    if model.functions:
        raise UnsupportedNetwork(model.functions[0].name, "a function of its own")
    for entry in model.opset_import:
        if entry.domain in ("", "ai.onnx") and entry.version < _OLDEST_OPSET:
            raise UnsupportedNetwork(f"opset {entry.version}", f"older than {_OLDEST_OPSET}")


def _channels_of(graph: onnx.GraphProto, input: str, *, axis: int) -> int:
    (kind,) = (end.type.tensor_type for end in graph.input if end.name == input)
    if kind.elem_type not in (TensorProto.FLOAT, TensorProto.FLOAT16):
        raise UnsupportedNetwork("the input", "its values are not of type float or float16")
    if len(kind.shape.dim) != 4 or kind.shape.dim[axis].dim_value < 1:
        raise UnsupportedNetwork("the input", "its number of channels is not known")
    return int(kind.shape.dim[axis].dim_value)


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
    elif is_of_lengths(partial, node):
        read_length(partial, node, attributes)
    elif node.op_type in READERS:
        READERS[node.op_type](partial, node, attributes)
    else:
        raise UnsupportedNetwork(node.op_type)
