"""From an ONNX graph to a Network, or the name of what cannot be computed in pieces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from server.engine.pieces.network import (
    Array,
    Concat,
    Convolution,
    Layer,
    Network,
    Normalisation,
    Operation,
    Pad,
    Pointwise,
    Pool,
    Resize,
    TransposedConvolution,
)
from server.engine.pieces.spans import Margin, Scale, Spread, Window


class NotInPieces(Exception):
    """The network has something whose reach is not known; ``operation`` names it in ONNX's words."""

    def __init__(self, operation: str, why: str = "") -> None:
        super().__init__(f"{operation}: {why}" if why else operation)
        self.operation = operation


_POINTWISE = frozenset(
    ["Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "Softplus", "Softsign", "HardSigmoid", "HardSwish", "ThresholdedRelu", "Gelu", "Mish", "Sigmoid", "Tanh", "Clip", "Identity", "Neg", "Abs", "Sqrt", "Exp", "Log", "Erf", "Floor", "Ceil", "Round", "Sign", "Reciprocal", "Add", "Sub", "Mul", "Div", "Max", "Min", "Pow"]
)


def read_network(data: bytes, *, input: str, output: str) -> Network:
    """Raises NotInPieces."""
    model = onnx.load_model_from_string(data)
    if model.functions:
        raise NotInPieces(model.functions[0].name, "a function of its own")
    reader = _Reader(model, input)
    for node in _needed(model.graph, output):
        reader.read(node)
    return reader.network(output)


def _needed(graph: onnx.GraphProto, output: str) -> list[onnx.NodeProto]:
    """The nodes that the output depends on, in order."""
    wanted, found = {output}, []
    for node in reversed(graph.node):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            found.append(node)
    return found[::-1]


class _Reader:
    def __init__(self, model: onnx.ModelProto, input: str) -> None:
        self._constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
        self._input = input
        self._channels = _channels_of(model.graph, input)
        self._pictures = {input}
        self._layers: list[Layer] = []

    def network(self, output: str) -> Network:
        if not self._layers or self._layers[-1].name != output:
            raise NotInPieces("the output", "no layer computes it")
        return Network(self._input, self._channels, tuple(_without_lost_biases(self._layers)))

    def read(self, node: onnx.NodeProto) -> None:
        attributes = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
        if node.domain not in ("", "ai.onnx"):
            raise NotInPieces(node.op_type, "not one of ONNX's own operations")
        if node.op_type == "Constant" and "value" in attributes:
            self._constants[node.output[0]] = numpy_helper.to_array(attributes["value"])
        elif node.op_type in _POINTWISE:
            self._pointwise(node, attributes)
        elif node.op_type in _READERS:
            _READERS[node.op_type](self, node, attributes)
        else:
            raise NotInPieces(node.op_type)

    def constant(self, node: onnx.NodeProto, place: int) -> Array | None:
        """The operand at this place; None where it is left out. Raises NotInPieces when it is computed."""
        if place >= len(node.input) or not node.input[place]:
            return None
        if node.input[place] not in self._constants:
            raise NotInPieces(node.op_type, f"its operand {place} is computed")
        return self._constants[node.input[place]]

    def required(self, node: onnx.NodeProto, place: int) -> Array:
        value = self.constant(node, place)
        if value is None:
            raise NotInPieces(node.op_type, f"its operand {place} is left out")
        return value

    def picture(self, node: onnx.NodeProto, place: int = 0) -> str:
        if node.input[place] not in self._pictures:
            raise NotInPieces(node.op_type, f"its operand {place} is no picture")
        return node.input[place]

    def add(self, node: onnx.NodeProto, inputs: tuple[str, ...], operation: Operation) -> None:
        self._layers.append(Layer(node.output[0], inputs, operation))
        self._pictures.add(node.output[0])

    def padded(self, node: onnx.NodeProto, attributes: Mapping[str, Any], *, value: float = 0.0) -> str:
        """The picture that a convolution or pooling sees: with its padding as a layer of its own."""
        picture = self.picture(node)
        auto_pad = attributes.get("auto_pad", b"NOTSET")
        top, left, bottom, right = attributes.get("pads", (0, 0, 0, 0)) if auto_pad == b"NOTSET" else (0, 0, 0, 0)
        if auto_pad not in (b"NOTSET", b"VALID"):
            raise NotInPieces(node.op_type, f"auto_pad {auto_pad.decode()}")
        if not any((top, left, bottom, right)):
            return picture
        name = f"{node.output[0]}/padded"
        self._layers.append(Layer(name, (picture,), Pad("constant", value, (Margin(top, bottom), Margin(left, right)))))
        self._pictures.add(name)
        return name

    def _pointwise(self, node: onnx.NodeProto, attributes: Mapping[str, Any]) -> None:
        inputs = tuple(dict.fromkeys(name for name in node.input if name in self._pictures))
        if not inputs:
            self._fold(node)
            return
        operands = tuple(
            inputs.index(name) if name in inputs else _by_channel(node.op_type, self.required(node, place))
            for place, name in enumerate(node.input)
            if name
        )
        if node.op_type == "Clip" and len(operands) < len(node.input):
            operands = self._clip_limits(node)
        self.add(node, inputs, Pointwise(node.op_type, operands, attributes))

    def _clip_limits(self, node: onnx.NodeProto) -> tuple[int | Array, ...]:
        """Both, where only the upper one is given."""
        kind = self.required(node, 2).dtype
        return (0, np.asarray(np.finfo(kind).min, kind), self.required(node, 2).reshape(()))

    def _fold(self, node: onnx.NodeProto) -> None:
        """What has constants only is one."""
        values = {name: self.required(node, place) for place, name in enumerate(node.input) if name}
        infos = [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
            for name, value in values.items()
        ]
        ends = [helper.make_empty_tensor_value_info(node.output[0])]
        model = helper.make_model(
            helper.make_graph([node], "fold", infos, ends), opset_imports=[helper.make_opsetid("", 20)]
        )
        from onnx.reference import ReferenceEvaluator  # only needed for graphs that were not folded by their exporter

        (self._constants[node.output[0]],) = ReferenceEvaluator(model).run(None, values)


def _channels_of(graph: onnx.GraphProto, input: str) -> int:
    (shape,) = (end.type.tensor_type.shape for end in graph.input if end.name == input)
    return int(shape.dim[1].dim_value)


def _by_channel(operation: str, value: Array) -> Array:
    """A constant operand as one value, or one for each channel."""
    if value.size == 1:
        return value.reshape(())
    if value.ndim < 3 or value.shape[-2:] != (1, 1) or value.size != value.shape[-3]:
        raise NotInPieces(operation, "a constant that differs from place to place")
    return value.reshape(-1)


def _two(attributes: Mapping[str, Any], name: str) -> tuple[int, int]:
    first, second = attributes.get(name, (1, 1))
    return int(first), int(second)


def _windows(kernel: tuple[int, int], strides: tuple[int, int], dilations: tuple[int, int]) -> tuple[Window, Window]:
    rows, columns = (
        Window((size - 1) * dilation + 1, stride)
        for size, stride, dilation in zip(kernel, strides, dilations, strict=True)
    )
    return rows, columns


def _convolution(reader: _Reader, node: onnx.NodeProto, attributes: Mapping[str, Any]) -> None:
    weight, strides, dilations = reader.required(node, 1), _two(attributes, "strides"), _two(attributes, "dilations")
    kernel = (int(weight.shape[2]), int(weight.shape[3]))
    operation = Convolution(
        weight=weight,
        bias=reader.constant(node, 2),
        strides=strides,
        dilations=dilations,
        groups=attributes.get("group", 1),
        axes=_windows(kernel, strides, dilations),
    )
    reader.add(node, (reader.padded(node, attributes),), operation)


def _transposed(reader: _Reader, node: onnx.NodeProto, attributes: Mapping[str, Any]) -> None:
    weight, strides, dilations = reader.required(node, 1), _two(attributes, "strides"), _two(attributes, "dilations")
    if attributes.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID") or "output_shape" in attributes:
        raise NotInPieces(node.op_type, "an output of a given shape")
    pads, extra = attributes.get("pads", (0, 0, 0, 0)), attributes.get("output_padding", (0, 0))
    spreads = []
    for axis in (0, 1):
        before, after = pads[axis], pads[axis + 2] - extra[axis]
        if after < 0:
            raise NotInPieces(node.op_type, "more output padding than padding")
        spreads.append(Spread((weight.shape[2 + axis] - 1) * dilations[axis] + 1, strides[axis], before, after))
    operation = TransposedConvolution(
        weight=weight,
        bias=reader.constant(node, 2),
        strides=strides,
        dilations=dilations,
        groups=attributes.get("group", 1),
        axes=(spreads[0], spreads[1]),
    )
    reader.add(node, (reader.picture(node),), operation)


def _pad(reader: _Reader, node: onnx.NodeProto, attributes: Mapping[str, Any]) -> None:
    pads = [int(pad) for pad in reader.required(node, 1)]
    mode = attributes.get("mode", b"constant").decode()
    axes = reader.constant(node, 3)
    if axes is not None:
        places = [int(axis) % 4 for axis in axes]
        spread = [0] * 8
        for place, before, after in zip(places, pads[: len(places)], pads[len(places) :], strict=True):
            spread[place], spread[place + 4] = before, after
        pads = spread
    if len(pads) != 8 or any(pads[place] for place in (0, 1, 4, 5)) or min(pads) < 0:
        raise NotInPieces("Pad", "of something else than height and width")
    if mode not in ("constant", "reflect", "edge"):
        raise NotInPieces("Pad", f"mode {mode}")
    value = reader.constant(node, 2)
    margins = (Margin(pads[2], pads[6]), Margin(pads[3], pads[7]))
    reader.add(node, (reader.picture(node),), Pad(mode, float(value) if value is not None else 0.0, margins))


def _normalisation(reader: _Reader, node: onnx.NodeProto, attributes: Mapping[str, Any]) -> None:
    operation = Normalisation(
        reader.required(node, 1), reader.required(node, 2), float(attributes.get("epsilon", 1e-5))
    )
    reader.add(node, (reader.picture(node),), operation)


def _batch_normalisation(reader: _Reader, node: onnx.NodeProto, attributes: Mapping[str, Any]) -> None:
    """With stored statistics it is the same multiplication and addition everywhere."""
    if attributes.get("training_mode", 0):
        raise NotInPieces("BatchNormalization", "in training mode")
    scale, shift, mean, variance = (reader.required(node, place).astype(np.float64) for place in range(1, 5))
    factor = scale / np.sqrt(variance + attributes.get("epsilon", 1e-5))
    kind = reader.required(node, 1).dtype
    scaled = Layer(f"{node.output[0]}/scaled", (reader.picture(node),), Pointwise("Mul", (0, factor.astype(kind)), {}))
    reader._layers.append(scaled)
    reader.add(node, (scaled.name,), Pointwise("Add", (0, (shift - mean * factor).astype(kind)), {}))


def _pool(reader: _Reader, node: onnx.NodeProto, attributes: Mapping[str, Any]) -> None:
    if any(attributes.get("pads", ())) or attributes.get("ceil_mode", 0) or len(node.output) > 1:
        raise NotInPieces(node.op_type, "with padding")
    kernel, strides = _two(attributes, "kernel_shape"), _two(attributes, "strides")
    operation = Pool(node.op_type, kernel, strides, _windows(kernel, strides, _two(attributes, "dilations")))
    if _two(attributes, "dilations") != (1, 1):
        raise NotInPieces(node.op_type, "with dilation")
    reader.add(node, (reader.padded(node, attributes),), operation)


def _resize(reader: _Reader, node: onnx.NodeProto, attributes: Mapping[str, Any]) -> None:
    scales = reader.constant(node, 2)
    if scales is None or scales.size != 4 or len(node.input) > 3:
        raise NotInPieces("Resize", "to a size instead of by a factor")
    factors = [int(scale) for scale in scales]
    mode = attributes.get("mode", b"nearest")
    coordinates = attributes.get("coordinate_transformation_mode", b"half_pixel")
    if (
        factors[:2] != [1, 1]
        or any(factor != scale or factor < 1 for factor, scale in zip(factors, scales, strict=True))
        or mode not in (b"nearest", b"linear")
        or coordinates not in (b"half_pixel", b"asymmetric", b"pytorch_half_pixel")
    ):
        raise NotInPieces("Resize", f"{mode.decode()}, {coordinates.decode()}, by {list(scales)}")
    kept = ("mode", "coordinate_transformation_mode", "nearest_mode")
    operation = Resize(
        (factors[2], factors[3]),
        {name: attributes[name] for name in kept if name in attributes},
        (Scale(factors[2]), Scale(factors[3])),
    )
    reader.add(node, (reader.picture(node),), operation)


def _concat(reader: _Reader, node: onnx.NodeProto, attributes: Mapping[str, Any]) -> None:
    if attributes.get("axis") not in (1, -3):
        raise NotInPieces("Concat", "of something else than channels")
    reader.add(node, tuple(reader.picture(node, place) for place in range(len(node.input))), Concat())


_READERS: Mapping[str, Callable[[_Reader, onnx.NodeProto, Mapping[str, Any]], None]] = {
    "Conv": _convolution,
    "ConvTranspose": _transposed,
    "Pad": _pad,
    "InstanceNormalization": _normalisation,
    "BatchNormalization": _batch_normalisation,
    "AveragePool": _pool,
    "MaxPool": _pool,
    "Resize": _resize,
    "Concat": _concat,
}


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
