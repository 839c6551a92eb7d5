"""Normalisations and means over the whole picture, as layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import onnx

from server.engine.network.arrays import Array
from server.engine.network.operations import Convolution, Normalisation, Operation, Pointwise, Statistic
from server.engine.network.partial_network import Attributes, PartialNetwork
from server.engine.network.plain_pictures import picture
from server.engine.network.pointwise_operators import add_shown
from server.engine.network.spans import Window
from server.engine.network.tensor_view import CHANNELS, Axis, TensorView
from server.engine.network.unsupported import UnsupportedNetwork


def read_normalisation(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads InstanceNormalization: of channels or, where a graph puts several of them into one, of groups."""
    scale, shift, view = partial.required(node, 1), partial.required(node, 2), partial.view(node)
    groups = _groups(partial, node, view, view.axes[:2])
    if groups != scale.size:
        raise UnsupportedNetwork(node.op_type, "of other axes than the channels")
    each = view.channels // groups
    _normalised(partial, node, attributes, groups, np.repeat(scale, each), np.repeat(shift, each))


def read_group_normalisation(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads GroupNormalization, which has a scale and shift for each group before opset 21."""
    groups, view = int(attributes["num_groups"]), partial.plain(picture(partial, node))
    scale, shift = (partial.required(node, index) for index in (1, 2))
    if view.layer in partial.points:
        raise UnsupportedNetwork(node.op_type, "of one pixel for the whole picture")
    each = view.channels // scale.size
    _normalised(partial, node, attributes, groups, np.repeat(scale, each), np.repeat(shift, each))


def read_mean(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads ReduceMean and GlobalAveragePool: over the whole picture, or over the channels of each pixel."""
    view = partial.view(node)
    rank = len(view.axes)
    axes = {axis % rank for axis in _reduced(partial, node, attributes, rank)}
    left = tuple(() if axis in axes else shown for axis, shown in enumerate(view.axes))
    if [view.dimension(axis) for axis in axes] == [CHANNELS]:
        partial.add(node.output[0], (view.layer,), _mean_of_channels(view.channels))
    else:
        groups = _groups(partial, node, view, left)
        each = None if groups == view.channels else groups
        partial.add(node.output[0], (view.layer,), Statistic(groups=each))
    if not attributes.get("keepdims", 1):
        left = tuple(shown for axis, shown in enumerate(left) if axis not in axes)
    partial.views[node.output[0]] = replace(partial.views[node.output[0]], axes=left, made_by=node.op_type)


def read_layer_normalisation(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes) -> None:
    """Reads LayerNormalization of every pixel's channels, step by step."""
    view, name, last = partial.view(node), node.output[0], attributes.get("axis", -1) % len(partial.view(node).axes)
    if view.dimension(last) != CHANNELS or last != len(view.axes) - 1 or len(node.output) > 1:
        raise UnsupportedNetwork(node.op_type, "along another axis than the channels")
    epsilon = np.asarray(attributes.get("epsilon", 1e-5), np.float32)
    scale, shift = partial.required(node, 1).reshape(-1), partial.constant(node, 2)
    shift = np.zeros_like(scale) if shift is None else shift.reshape(-1)

    def step(to: str, operation: Operation, *inputs: str) -> str:
        add_shown(partial, f"{name}{to}", view, tuple(dict.fromkeys(inputs)), operation)
        return f"{name}{to}"

    mean = partial.add(f"{name}/mean", (view.layer,), _mean_of_channels(view.channels)).layer
    rest = step("/rest", Pointwise("Sub", (0, 1), {}), view.layer, mean)
    square = step("/square", Pointwise("Mul", (0, 0), {}), rest)
    variance = partial.add(f"{name}/variance", (square,), _mean_of_channels(view.channels)).layer
    partial.add(f"{name}/raised", (variance,), Pointwise("Add", (0, epsilon), {}))
    deviation = partial.add(f"{name}/deviation", (f"{name}/raised",), Pointwise("Sqrt", (0,), {})).layer
    standardised = step("/standardised", Pointwise("Div", (0, 1), {}), rest, deviation)
    step("", Pointwise("Add", (0, shift), {}), step("/scaled", Pointwise("Mul", (0, scale), {}), standardised))


def _normalised(
    partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes, groups: int, scale: Array, shift: Array
) -> None:
    view = partial.view(node)
    epsilon = float(attributes.get("epsilon", 1e-5))
    operation = Normalisation(scale, shift, epsilon, None if groups == view.channels else groups)
    add_shown(partial, node.output[0], view, (view.layer,), operation)


def _groups(partial: PartialNetwork, node: onnx.NodeProto, view: TensorView, left: Sequence[Axis]) -> int:
    """How many groups of neighbouring channels are told apart by axes, when everything else is taken together. Raises
    UnsupportedNetwork where it is anything else, or the picture is one pixel."""
    if view.layer in partial.points:
        raise UnsupportedNetwork(node.op_type, "of one pixel for the whole picture")
    factors = [factor for axis in left for factor in axis]
    shown = {factor.dimension for axis in view.axes for factor in axis}
    if not factors and len(shown) >= 2:
        return 1
    match factors:
        case [factor] if factor.dimension == CHANNELS and factor.length * factor.stride == view.channels:
            return int(factor.length)
    raise UnsupportedNetwork(node.op_type, "of other axes than height and width")


def _reduced(partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes, rank: int) -> Sequence[int]:
    if node.op_type == "GlobalAveragePool":
        return range(2, rank)
    given = attributes["axes"] if "axes" in attributes else partial.numbers(node, 1)
    if given is None and attributes.get("noop_with_empty_axes", 0):
        raise UnsupportedNetwork(node.op_type, "of no axes")
    return range(rank) if given is None else [int(axis) for axis in given]


def _mean_of_channels(channels: int) -> Convolution:
    weight = np.full((1, channels, 1, 1), 1 / channels, np.float32)
    return Convolution(weight, None, (1, 1), (1, 1), 1, (Window(), Window()))
