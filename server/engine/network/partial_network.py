"""What has been read of an ONNX graph so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import onnx
from onnx import helper, numpy_helper

from server.engine.network.arrays import Array
from server.engine.network.network import Layer
from server.engine.network.operations import Operation, Pad
from server.engine.network.spans import Margin
from server.engine.network.unsupported import UnsupportedNetwork

Attributes = Mapping[str, Any]
"""A node's attributes, by name, as onnx.helper.get_attribute_value gives them."""


class PartialNetwork:
    """The layers and constants that have been read so far. ``pictures`` are the names of what holds pixels: the input
    and the outputs of ``layers``; everything else must be constant."""

    def __init__(self, model: onnx.ModelProto, input: str) -> None:
        self.constants: dict[str, Array] = {
            tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer
        }
        self.pictures = {input}
        self.layers: list[Layer] = []
        self._opset = list(model.opset_import)

    def constant(self, node: onnx.NodeProto, index: int) -> Array | None:
        """The constant operand at this index of the node's inputs, None where it is left out. Raises UnsupportedNetwork
        where it is no constant."""
        if index >= len(node.input) or not node.input[index]:
            return None
        if node.input[index] not in self.constants:
            raise UnsupportedNetwork(node.op_type, f"its operand {index} is computed")
        return self.constants[node.input[index]]

    def required(self, node: onnx.NodeProto, index: int) -> Array:
        """The constant operand at this index of the node's inputs. Raises UnsupportedNetwork where there is none."""
        value = self.constant(node, index)
        if value is None:
            raise UnsupportedNetwork(node.op_type, f"its operand {index} is left out")
        return value

    def picture(self, node: onnx.NodeProto, index: int = 0) -> str:
        """The name of the operand at this index, which holds pixels. Raises UnsupportedNetwork where it does not."""
        name: str = node.input[index]
        if name not in self.pictures:
            raise UnsupportedNetwork(node.op_type, f"its operand {index} is not a picture")
        return name

    def add(self, name: str, inputs: tuple[str, ...], operation: Operation) -> None:
        """Appends a layer."""
        self.layers.append(Layer(name, inputs, operation))
        self.pictures.add(name)

    def padded(self, node: onnx.NodeProto, attributes: Attributes) -> str:
        """The name of the picture that a convolution sees; its padding, if any, is appended as a layer of its own."""
        picture = self.picture(node)
        top, left, bottom, right = pads_of(node, attributes)
        if not any((top, left, bottom, right)):
            return picture
        name = f"{node.output[0]}/padded"
        self.add(name, (picture,), Pad("constant", 0.0, (Margin(top, bottom), Margin(left, right))))
        return name

    def has_constants_only(self, node: onnx.NodeProto) -> bool:
        """Whether the node has operands and all of them are constant."""
        operands = [name for name in node.input if name]
        return bool(operands) and all(name in self.constants for name in operands)

    def fold(self, node: onnx.NodeProto) -> None:
        """Computes a node whose operands are all constant; its output becomes a constant."""
        values = {name: self.required(node, index) for index, name in enumerate(node.input) if name}
        infos = [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
            for name, value in values.items()
        ]
        ends = [helper.make_empty_tensor_value_info(node.output[0])]
        model = helper.make_model(helper.make_graph([node], "fold", infos, ends), opset_imports=self._opset)
        from onnx.reference import ReferenceEvaluator  # only needed for graphs that were not folded by their exporter

        (self.constants[node.output[0]],) = ReferenceEvaluator(model).run(None, values)


def pads_of(node: onnx.NodeProto, attributes: Attributes) -> tuple[int, int, int, int]:
    """A node's padding at the top, left, bottom and right, in pixels. Raises UnsupportedNetwork for negative or
    automatic padding."""
    auto_pad = attributes.get("auto_pad", b"NOTSET")
    if auto_pad not in (b"NOTSET", b"VALID"):
        raise UnsupportedNetwork(node.op_type, f"auto_pad {auto_pad.decode()}")
    top, left, bottom, right = attributes.get("pads", (0, 0, 0, 0)) if auto_pad == b"NOTSET" else (0, 0, 0, 0)
    if min(top, left, bottom, right) < 0:
        raise UnsupportedNetwork(node.op_type, "with negative padding")
    return top, left, bottom, right
