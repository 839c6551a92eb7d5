"""What has been read of an ONNX graph so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import onnx
from onnx import helper, numpy_helper

from server.engine.network.arrays import Array
from server.engine.network.lengths import Number, layer_length
from server.engine.network.network import Layer
from server.engine.network.operations import (
    Channels,
    Concat,
    Convolution,
    Operation,
    Pad,
    Pointwise,
    output_channels,
)
from server.engine.network.sampled_sizes import SampledSizes
from server.engine.network.spans import Margin, Window
from server.engine.network.tensor_view import COLUMNS, ROWS, Axis, Factor, TensorView, factors_of_channels
from server.engine.network.unsupported import UnsupportedNetwork

Attributes = Mapping[str, Any]
"""A node's attributes, by name, as onnx.helper.get_attribute_value gives them."""

_ITSELF = (Window(), Window())


class PartialNetwork:
    """What has been read so far. By the names of the graph's values: ``views`` are those that show pixels of the
    input or of ``layers``, ``lengths`` those that follow from the picture's size, ``constants`` all others."""

    def __init__(self, model: onnx.ModelProto, input: str, channels: int, *, channels_last: bool) -> None:
        self.constants: dict[str, Array] = {
            tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer
        }
        self.lengths: dict[str, Array] = {}
        self.layers: list[Layer] = []
        self.points: set[str] = set()
        self.sizes = SampledSizes(input, channels)
        self.opset = max((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=1)
        self.input = input
        self._opsets = list(model.opset_import)
        self._channels = {input: channels}
        plain = self.plain(input)
        axes = (plain.axes[0], *plain.axes[2:], plain.axes[1]) if channels_last else plain.axes
        self.views: dict[str, TensorView] = {input: replace(plain, axes=axes)}

    def constant(self, node: onnx.NodeProto, index: int) -> Array | None:
        """The constant operand at this index of the node's inputs, None where it is left out. Raises UnsupportedNetwork
        where it is no constant."""
        if index >= len(node.input) or not node.input[index]:
            return None
        name = node.input[index]
        if name in self.constants:
            return self.constants[name]
        settled = self.sizes.settled_array(self.lengths[name]) if name in self.lengths else None
        if settled is None:
            raise UnsupportedNetwork(node.op_type, f"its operand {index} is computed")
        return settled

    def required(self, node: onnx.NodeProto, index: int) -> Array:
        """The constant operand at this index of the node's inputs. Raises UnsupportedNetwork where there is none."""
        value = self.constant(node, index)
        if value is None:
            raise UnsupportedNetwork(node.op_type, f"its operand {index} is left out")
        return value

    def numbers(self, node: onnx.NodeProto, index: int) -> list[Number] | None:
        """The operand at this index as numbers, some of which may follow from the picture's size; None where it is left
        out or empty. Raises UnsupportedNetwork where it is computed from pixels."""
        if index < len(node.input) and node.input[index] in self.lengths:
            return list(self.lengths[node.input[index]].reshape(-1))
        value = self.constant(node, index)
        return None if value is None or not value.size else list(value.reshape(-1).tolist())

    def view(self, node: onnx.NodeProto, index: int = 0) -> TensorView:
        """The operand at this index, which shows pixels. Raises UnsupportedNetwork where it does not."""
        if index >= len(node.input) or node.input[index] not in self.views:
            raise UnsupportedNetwork(node.op_type, f"its operand {index} is not a picture")
        return self.views[node.input[index]]

    def plain(self, layer: str) -> TensorView:
        """The view that shows a layer as it is: 1 x C x H x W."""
        rows: Axis = ()
        columns: Axis = ()
        if layer not in self.points:
            rows, columns = (Factor(ROWS, layer_length(layer, 0)),), (Factor(COLUMNS, layer_length(layer, 1)),)
        channels = self._channels[layer]
        return TensorView(layer, channels, ((), factors_of_channels(channels), rows, columns))

    def add(self, name: str, inputs: tuple[str, ...], operation: Operation) -> TensorView:
        """Appends a layer and makes ``name`` show it as it is. Raises UnsupportedNetwork for what would make more
        of one pixel for the whole picture."""
        layer = Layer(name, inputs, operation)
        if self.points.issuperset(layer.sees):
            if layer.sees and not _keeps_points(operation):
                raise UnsupportedNetwork(type(operation).__name__, "of one pixel for the whole picture")
            self.points.add(name)
        self.layers.append(layer)
        self.sizes.add(layer)
        self._channels[name] = output_channels(operation, [self._channels[of] for of in inputs])
        self.views[name] = self.plain(name)
        return self.views[name]

    def add_like(self, name: str, like: TensorView, inputs: tuple[str, ...], operation: Operation) -> None:
        """Appends a layer that is shown in the same order of axes as ``like``, which shows all of its channels, rows
        and columns along an axis each. Raises UnsupportedNetwork where it does not."""
        plain, channels = self.add(name, inputs, operation), like.axis_of_channels()
        is_whole = all(not axis or like.dimension(place) for place, axis in enumerate(like.axes))
        if not is_whole or (channels is None and max(plain.channels, like.channels) > 1):
            raise UnsupportedNetwork(like.made_by or type(operation).__name__, "of axes that are taken apart")
        axes = tuple(
            plain.axes[1] if axis == channels else plain.axes[dimension] if (dimension := like.dimension(axis)) else ()
            for axis in range(len(like.axes))
        )
        self.views[name] = replace(plain, axes=axes, made_by=like.made_by)

    def padded(self, picture: str, node: onnx.NodeProto, pads: tuple[int, int, int, int], value: float = 0.0) -> str:
        """The name of what a node with so much padding (top, left, bottom, right) sees: where there is any, it is
        appended as a layer of its own."""
        top, left, bottom, right = pads
        if not any(pads):
            return picture
        name = f"{node.output[0]}/padded"
        self.add(name, (picture,), Pad("constant", value, (Margin(top, bottom), Margin(left, right))))
        return name

    def has_constants_only(self, node: onnx.NodeProto) -> bool:
        """Whether the node has operands and all of them are constant."""
        operands = [name for name in node.input if name]
        return bool(operands) and all(name in self.constants for name in operands)

    def fold(self, node: onnx.NodeProto) -> None:
        """Computes a node whose operands are all constant; its outputs become constants."""
        values = {name: self.required(node, index) for index, name in enumerate(node.input) if name}
        infos = [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
            for name, value in values.items()
        ]
        ends = [helper.make_empty_tensor_value_info(name) for name in node.output]
        model = helper.make_model(helper.make_graph([node], "fold", infos, ends), opset_imports=self._opsets)
        from onnx.reference import ReferenceEvaluator  # only needed for graphs that were not folded by their exporter

        self.constants |= zip(node.output, ReferenceEvaluator(model).run(None, values), strict=True)


def _keeps_points(operation: Operation) -> bool:
    if isinstance(operation, Convolution):
        return operation.axes == _ITSELF
    return isinstance(operation, Pointwise | Concat | Channels)
