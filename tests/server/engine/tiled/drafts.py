"""Small networks in ONNX, layer by layer, with random weights that keep values near 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from server.engine.network.arrays import Array

INPUT, OUTPUT = "image", "translated"


class Draft:
    """Every method adds one layer behind the named one and gives its name."""

    def __init__(self, *, channels: int = 3, opset: int = 20, element: int = TensorProto.FLOAT) -> None:
        self._opset, self._element = opset, element
        self._random = np.random.default_rng(0)
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self.channels = {INPUT: channels}

    def model(self, output: str, *, channels_last: bool = False) -> bytes:
        """With ``output`` as its result; input and output are N x C x H x W, or N x H x W x C."""
        nodes = [*self._nodes, helper.make_node("Identity", [output], [OUTPUT])]
        ends = [
            helper.make_tensor_value_info(name, self._element, self._shape(layer, sides, channels_last=channels_last))
            for name, layer, sides in (
                (INPUT, INPUT, ("height", "width")),
                (OUTPUT, output, ("result height", "result width")),
            )
        ]
        graph = helper.make_graph(nodes, "draft", ends[:1], ends[1:], self._constants)
        opset = [helper.make_opsetid("", self._opset)]
        made = helper.make_model(graph, opset_imports=opset, ir_version=10)
        return bytes(made.SerializeToString())

    def _shape(self, layer: str, sides: tuple[str, str], *, channels_last: bool) -> list[str | int]:
        channels = self.channels[layer]
        return ["batch", *sides, channels] if channels_last else ["batch", channels, *sides]

    def random(self, *shape: int, scale: float = 1.0, around: float = 0.0) -> Array:
        kind = helper.tensor_dtype_to_np_dtype(self._element)
        return (around + scale * self._random.standard_normal(shape)).astype(kind)

    def constant(self, value: Any) -> str:
        name = f"constant {len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    @staticmethod
    def tensor(value: Array) -> onnx.TensorProto:
        """A value as an attribute."""
        return numpy_helper.from_array(value)

    def add(self, operation: str, *operands: Any, channels: int | None = None, **attributes: Any) -> str:
        """Any node; operands that are no names become constants."""
        names = [value if isinstance(value, str) else self.constant(value) for value in operands]
        name = f"{operation} {len(self._nodes)}"
        self._nodes.append(helper.make_node(operation, names, [name], **attributes))
        self.channels[name] = channels or max(self.channels.get(operand, 0) for operand in names)
        return name

    def node(self, operation: str, inputs: list[str], outputs: list[str], *, channels: int, **attributes: Any) -> None:
        """A node of several outputs with so many channels each."""
        self._nodes.append(helper.make_node(operation, inputs, outputs, **attributes))
        self.channels |= dict.fromkeys(outputs, channels)

    def conv(self, x: str, channels: int, size: int = 3, *, group: int = 1, **attributes: Any) -> str:
        inside = self.channels[x] // group
        weight = self.random(channels, inside, size, size, scale=1 / math.sqrt(inside * size * size))
        bias = self.random(channels, scale=0.3)
        return self.add("Conv", x, weight, bias, channels=channels, group=group, **attributes)

    def transposed(self, x: str, channels: int, size: int = 3, *, group: int = 1, **attributes: Any) -> str:
        inside = self.channels[x]
        weight = self.random(inside, channels // group, size, size, scale=1 / math.sqrt(inside * size))
        bias = self.random(channels, scale=0.3)
        return self.add("ConvTranspose", x, weight, bias, channels=channels, group=group, **attributes)

    def norm(self, x: str, *, learned: bool = True) -> str:
        return self.add("InstanceNormalization", x, *self.affine(self.channels[x], 0.2 if learned else 0), epsilon=1e-5)

    def affine(self, count: int, spread: float = 0.2) -> tuple[Array, Array]:
        """Scales and shifts."""
        return self.random(count, scale=spread, around=1), self.random(count, scale=spread)

    def group_norm(self, x: str, groups: int) -> str:
        """As exporters write it before opset 21."""
        flat = self.add("Reshape", x, np.array([0, groups, -1]), channels=groups)
        flat = self.add("InstanceNormalization", flat, np.ones(groups, np.float32), np.zeros(groups, np.float32))
        shaped = self.add("Reshape", flat, self.add("Shape", x, channels=1), channels=self.channels[x])
        scale, shift = (value.reshape(-1, 1, 1) for value in self.affine(self.channels[x]))
        return self.add("Add", self.add("Mul", shaped, scale), shift)

    def relu(self, x: str) -> str:
        return self.add("Relu", x)

    def pad(self, x: str, margins: int | Sequence[int], mode: str = "reflect") -> str:
        """``margins``: one, or top, left, bottom and right."""
        top, left, bottom, right = (margins,) * 4 if isinstance(margins, int) else margins
        return self.add("Pad", x, np.array([0, 0, top, left, 0, 0, bottom, right]), mode=mode)

    def grow(self, x: str, factor: int = 2, mode: str = "linear", coordinates: str = "half_pixel") -> str:
        scales = np.array([1, 1, factor, factor], np.float32)
        return self.add("Resize", x, "", scales, mode=mode, coordinate_transformation_mode=coordinates)

    def concat(self, *parts: str) -> str:
        return self.add("Concat", *parts, axis=1, channels=sum(self.channels[part] for part in parts))

    def block(self, x: str, channels: int, size: int = 3, mode: str = "reflect") -> str:
        """Padding, convolution, normalisation, ReLU."""
        return self.relu(self.norm(self.conv(self.pad(x, size // 2, mode), channels, size)))

    def residual(self, x: str) -> str:
        inner = self.block(x, self.channels[x])
        return self.add("Add", x, self.norm(self.conv(self.pad(inner, 1), self.channels[x])))

    def blur(self, x: str, *, stride: int) -> str:
        """Depthwise, as in networks without aliasing."""
        channels = self.channels[x]
        line = np.array([1, 2, 1] if stride > 1 else [1, 3, 3, 1])
        kernel = np.outer(line, line) / line.sum() ** 2
        weight = np.tile(kernel, (channels, 1, 1, 1)).astype(helper.tensor_dtype_to_np_dtype(self._element))
        return self.add("Conv", x, weight, group=channels, strides=[stride] * 2)


def small(*nodes: onnx.NodeProto, shape: tuple[Any, ...] = ("n", 3, "h", "w"), kind: int = TensorProto.FLOAT) -> bytes:
    """A graph of these nodes from INPUT to OUTPUT, with a constant ``three``."""
    ends = [helper.make_tensor_value_info(name, kind, shape) for name in (INPUT, OUTPUT)]
    three = numpy_helper.from_array(np.ones(3, np.float32), "three")
    graph = helper.make_graph(list(nodes), "small", ends[:1], ends[1:], [three])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return bytes(made.SerializeToString())


def one(operation: str, *operands: Any, **attributes: Any) -> bytes:
    """A network of one operation on the input."""
    return old(20, operation, *operands, **attributes)


def old(opset: int, operation: str, *operands: Any, **attributes: Any) -> bytes:
    """The same in the words of an older opset."""
    draft = Draft(opset=opset)
    return draft.model(draft.add(operation, INPUT, *operands, **attributes))


def channels_last(model: bytes) -> bytes:
    """The model with its input and output as N x H x W x C."""
    made = onnx.load_model_from_string(model)
    inside = {INPUT: "first", OUTPUT: "result first"}
    for node in made.graph.node:
        for names in (node.input, node.output):
            names[:] = [inside.get(name, name) for name in names]
    made.graph.node.insert(0, helper.make_node("Transpose", [INPUT], ["first"], perm=[0, 3, 1, 2]))
    made.graph.node.append(helper.make_node("Transpose", ["result first"], [OUTPUT], perm=[0, 2, 3, 1]))
    for end in (*made.graph.input, *made.graph.output):
        lengths = end.type.tensor_type.shape.dim
        batch, channels, *sides = (
            onnx.TensorShapeProto.Dimension.FromString(one.SerializeToString()) for one in lengths
        )
        del lengths[:]
        lengths.extend([batch, *sides, channels])
    return bytes(made.SerializeToString())
