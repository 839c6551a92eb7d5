"""From the layers of a sweep to the ONNX graph that computes any of its tiles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from onnx import TensorProto, helper

from server.engine.network.network import Layer
from server.engine.network.operations import (
    Channels,
    Concat,
    Convolution,
    DepthToSpace,
    Normalisation,
    Pad,
    Pointwise,
    Pool,
    Quantity,
    Resize,
    SpaceToDepth,
    Statistic,
    TransposedConvolution,
)
from server.engine.tiled.convolution_way import ConvolutionWay, absorbs_padding, way_of
from server.engine.tiled.doubling import absorbs_doubling, add_doubled
from server.engine.tiled.layout import CHANNELS_FIRST, Layout
from server.engine.tiled.sweep_task import SweepTask
from server.engine.tiled.tile_convolutions import add_convolution, add_matrix, add_packed, add_pad, add_transposed
from server.engine.tiled.tile_graph import TileGraph, TileGraphBuilder
from server.engine.tiled.tile_layers import (
    add_depth_to_space,
    add_known,
    add_normalisation,
    add_pointwise,
    add_pool,
    add_resize,
    add_space_to_depth,
)
from server.engine.tiled.tile_statistics import add_statistics
from server.engine.tiled.winograd_convolution import WinogradTable, add_winograd


def build_sweep_graph(
    task: SweepTask, channels: Mapping[str, int], picture: str, layout: Layout, kept: np.dtype[Any]
) -> TileGraph:
    """The graph of a sweep over a network whose input is called ``picture``; ``channels`` are the layers', by name.

    The picture and the output are float32, 1 x C x H x W; what is loaded and stored is of the type ``kept``, in the
    given layout. Results are called NAME/stored, NAME/mean, NAME/square (the mean squared distance from the mean) and
    NAME. A normalisation takes NAME/mean and NAME/factor, a statistic or quantity NAME/value.
    """
    return _SweepGraphBuilder(task, channels, picture, layout, kept).graph()


class _SweepGraphBuilder:
    def __init__(
        self, task: SweepTask, channels: Mapping[str, int], picture: str, layout: Layout, kept: np.dtype[Any]
    ) -> None:
        self._task = task
        self._channels = channels
        self._picture = picture
        self._kept = helper.np_dtype_to_tensor_dtype(kept)
        self._graph = TileGraphBuilder(layout)
        self._values: dict[str, str] = {}
        self._absorbed: dict[str, Layer] = {}  # layers that the convolution behind them does itself
        self._measured_table: WinogradTable | None = None  # of the measured layer, if its pixels need no order
        self._users = Counter(name for layer in task.layers for name in layer.sees)
        self._points = {layer.name for layer in task.layers if not layer.sees}

    def graph(self) -> TileGraph:
        for name in self._task.loaded:
            self._values[name] = self._load(name)
        for layer in self._task.layers:
            if self._is_absorbed(layer):
                self._absorbed[layer.name] = layer
            else:
                self._values[layer.name] = self._compute(layer)
        for name in self._task.stored:
            self._store(name)
        if self._task.measured:
            self._measure(self._task.measured)
        if self._task.output:
            self._give(self._task.output)
        return self._graph.graph()

    def _load(self, name: str) -> str:
        if name == self._picture:
            shape = CHANNELS_FIRST.shape(self._channels[name], -1, -1)
            return self._graph.from_channels_first(self._graph.given(name, TensorProto.FLOAT, shape))
        value = self._graph.given(name, self._kept, self._graph.layout.shape(self._channels[name], -1, -1))
        return value if self._kept == TensorProto.FLOAT else self._graph.add("Cast", value, to=TensorProto.FLOAT)

    def _store(self, name: str) -> None:
        shape = self._graph.layout.shape(self._channels[name], -1, -1)
        value = self._asked(name)
        if self._kept != TensorProto.FLOAT:
            value = self._graph.add("Cast", value, to=self._kept)
        self._graph.result(f"{name}/stored", value, self._kept, shape)

    def _measure(self, name: str) -> None:
        table, channels = self._measured_table, self._channels[name]
        if table:
            found = add_statistics(self._graph, table.table, channels, table.count, table.mean_weights)
        else:
            found = add_statistics(self._graph, self._asked(name), channels, lambda tile: tile.asked[name].pixels)
        for kind, value in zip(("mean", "square"), found, strict=True):
            self._graph.result(f"{name}/{kind}", value, TensorProto.DOUBLE, (channels,))

    def _give(self, name: str) -> None:
        shape = CHANNELS_FIRST.shape(self._channels[name], -1, -1)
        self._graph.result(name, self._graph.to_channels_first(self._asked(name)), TensorProto.FLOAT, shape)

    def _asked(self, name: str) -> str:
        """The area of a layer that is asked for: more may have been computed for layers behind it."""
        if not self._users[name]:
            return self._values[name]
        return self._graph.crop(self._values[name], lambda tile: (tile.areas[name], tile.asked[name]))

    def _see(self, layer: Layer, name: str) -> str:
        """The area of its input ``name`` that the layer needs: more may have been computed for other layers."""
        if (self._users[name] == 1 and name not in self._task.asked) or name in self._points:
            return self._values[name]
        return self._graph.crop(self._values[name], lambda tile: (tile.areas[name], tile.seen(layer, name)))

    def _is_absorbed(self, layer: Layer) -> bool:
        user, layout = self._only_user(layer), self._graph.layout
        if user is None:
            return False
        match layer.operation:
            case Resize():
                behind = self._only_user(user)
                return behind is not None and absorbs_doubling(
                    behind.operation, user.operation, layer.operation, layout
                )
            case Pad():
                return layer.inputs[0] in self._absorbed or absorbs_padding(user.operation, layer.operation, layout)
        return False

    def _only_user(self, layer: Layer) -> Layer | None:
        """The layer that sees this one; None where several do, or where it is asked for too."""
        if self._users[layer.name] != 1 or layer.name in self._task.asked:
            return None
        (user,) = (user for user in self._task.layers if layer.name in user.sees)
        return user

    def _compute(self, layer: Layer) -> str:
        graph, operation, first = self._graph, layer.operation, layer.inputs[0]
        if self._points.issuperset(layer.sees):
            self._points.add(layer.name)
        match operation:
            case Pad():
                return add_pad(graph, self._values[first], layer)
            case Convolution():
                return self._convolve(layer, operation)
            case TransposedConvolution():
                return add_transposed(graph, self._see(layer, first), layer)
            case Normalisation():
                return add_normalisation(graph, self._see(layer, first), layer)
            case Pointwise():
                return add_pointwise(graph, [self._see(layer, name) for name in layer.inputs], operation)
            case Concat():
                seen = [self._see(layer, name) for name in layer.inputs]
                return graph.add("Concat", *seen, axis=graph.layout.channel)
            case Pool():
                return add_pool(graph, self._see(layer, first), operation)
            case Resize():
                return add_resize(graph, self._see(layer, first), layer)
            case Channels():
                numbers = graph.constant(np.array(operation.numbers), np.int64)
                return graph.add("Gather", self._see(layer, first), numbers, axis=graph.layout.channel)
            case SpaceToDepth():
                return add_space_to_depth(graph, self._see(layer, first), operation)
            case DepthToSpace():
                return add_depth_to_space(graph, self._see(layer, first), layer)
            case Statistic() | Quantity():
                return add_known(graph, layer, self._channels[layer.name])

    def _convolve(self, layer: Layer, operation: Convolution) -> str:
        graph, first = self._graph, layer.inputs[0]
        pad = self._absorbed.get(first)
        source = pad.inputs[0] if pad else first
        doubling = self._absorbed.get(source)
        if pad and doubling:
            return self._ordered(layer, add_doubled(graph, self._values[doubling.inputs[0]], layer, pad, doubling))
        match way_of(operation, graph.layout):
            case ConvolutionWay.WINOGRAD:
                return self._ordered(layer, add_winograd(graph, self._values[source], layer, pad))
            case ConvolutionWay.MATRIX:
                return add_matrix(graph, self._see(layer, first), operation)
            case ConvolutionWay.PACKED:
                return add_packed(graph, self._values[source], layer, pad)
            case ConvolutionWay.DIRECT:
                return add_convolution(graph, self._see(layer, first), operation)

    def _ordered(self, layer: Layer, table: WinogradTable) -> str:
        """The table's pixels as a picture or, where only their statistics are asked for, the table as it is."""
        if layer.name == self._task.measured and not self._users[layer.name] and layer.name not in self._task.stored:
            self._measured_table = table
            return table.table
        pixels = self._graph.control(lambda tile: table.pixels(tile)[None], [1, -1, -1])
        return self._graph.add("Gather", table.table, pixels, axis=0)
