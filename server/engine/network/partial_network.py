"""What has been read of an ONNX graph so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import onnx
from onnx import helper, numpy_helper

from server.engine.network.network import Array, Layer, Operation, Pad
from server.engine.network.spans import Margin

Attributes = Mapping[str, Any]


class NotInPieces(Exception):
    """The network has something whose reach is not known; ``operation`` names it in ONNX's words."""

    def __init__(self, operation: str, why: str = "") -> None:
        super().__init__(f"{operation}: {why}" if why else operation)
        self.operation = operation


class Reading:
    """``pictures`` names what holds pixels: the input, and the outputs of ``layers``."""

    def __init__(self, model: onnx.ModelProto, input: str) -> None:
        self.constants: dict[str, Array] = {
            tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer
        }
        self.pictures = {input}
        self.layers: list[Layer] = []
        self._opset = list(model.opset_import)

    def constant(self, node: onnx.NodeProto, place: int) -> Array | None:
        """The operand at this place; None where it is left out. Raises NotInPieces when it is computed."""
        if place >= len(node.input) or not node.input[place]:
            return None
        if node.input[place] not in self.constants:
            raise NotInPieces(node.op_type, f"its operand {place} is computed")
        return self.constants[node.input[place]]

    def required(self, node: onnx.NodeProto, place: int) -> Array:
        value = self.constant(node, place)
        if value is None:
            raise NotInPieces(node.op_type, f"its operand {place} is left out")
        return value

    def picture(self, node: onnx.NodeProto, place: int = 0) -> str:
        name: str = node.input[place]
        if name not in self.pictures:
            raise NotInPieces(node.op_type, f"its operand {place} is no picture")
        return name

    def add(self, name: str, inputs: tuple[str, ...], operation: Operation) -> None:
        self.layers.append(Layer(name, inputs, operation))
        self.pictures.add(name)

    def padded(self, node: onnx.NodeProto, attributes: Attributes) -> str:
        """The picture that a convolution sees: with its padding as a layer of its own."""
        picture = self.picture(node)
        top, left, bottom, right = pads_of(node, attributes)
        if not any((top, left, bottom, right)):
            return picture
        name = f"{node.output[0]}/padded"
        self.add(name, (picture,), Pad("constant", 0.0, (Margin(top, bottom), Margin(left, right))))
        return name

    def has_constants_only(self, node: onnx.NodeProto) -> bool:
        operands = [name for name in node.input if name]
        return bool(operands) and all(name in self.constants for name in operands)

    def fold(self, node: onnx.NodeProto) -> None:
        """Computes a node that has constants only."""
        values = {name: self.required(node, place) for place, name in enumerate(node.input) if name}
        infos = [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
            for name, value in values.items()
        ]
        ends = [helper.make_empty_tensor_value_info(node.output[0])]
        model = helper.make_model(helper.make_graph([node], "fold", infos, ends), opset_imports=self._opset)
        from onnx.reference import ReferenceEvaluator  # only needed for graphs that were not folded by their exporter

        (self.constants[node.output[0]],) = ReferenceEvaluator(model).run(None, values)


def pads_of(node: onnx.NodeProto, attributes: Attributes) -> tuple[int, int, int, int]:
    """Top, left, bottom, right."""
    auto_pad = attributes.get("auto_pad", b"NOTSET")
    if auto_pad not in (b"NOTSET", b"VALID"):
        raise NotInPieces(node.op_type, f"auto_pad {auto_pad.decode()}")
    top, left, bottom, right = attributes.get("pads", (0, 0, 0, 0)) if auto_pad == b"NOTSET" else (0, 0, 0, 0)
    if min(top, left, bottom, right) < 0:
        raise NotInPieces(node.op_type, "with negative padding")
    return top, left, bottom, right
