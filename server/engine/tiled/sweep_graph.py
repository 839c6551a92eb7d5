"""From layers to the graph of a sweep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import TensorProto, helper

from server.engine.network.network import (
    Concat,
    Convolution,
    Layer,
    Normalisation,
    Pad,
    Pointwise,
    Pool,
    Resize,
    TransposedConvolution,
)
from server.engine.network.spans import Span
from server.engine.tiled import tile_convolutions
from server.engine.tiled.areas import Area, Piece
from server.engine.tiled.doubling import add_doubled, doubles_by_itself
from server.engine.tiled.layout import CHANNELS_FIRST, Layout
from server.engine.tiled.tile_graph import Array, Graph, GraphBuilder


@dataclass(frozen=True)
class Task:
    """``layers`` are computed from the layers in ``loaded`` (or the picture); of them, those in ``stored`` are given
    back, and the statistics of the ``measured`` one, or the ``output``."""

    layers: Sequence[Layer]
    loaded: Sequence[str]
    stored: Sequence[str]
    measured: str | None
    output: str | None

    @property
    def asked(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for name in (*self.stored, self.measured, self.output) if name))


def lower(task: Task, channels: Mapping[str, int], picture: str, layout: Layout, kept: np.dtype[Any]) -> Graph:
    """The picture and the output are float32, 1 x C x H x W; what is loaded and stored is of the type ``kept``.

    Results are called NAME/stored, NAME/mean, NAME/square (the mean squared distance from the mean) and NAME. A
    normalisation takes NAME/mean and NAME/factor.
    """
    return _Lowering(task, channels, picture, layout, kept).graph()


class _Lowering:
    def __init__(
        self, task: Task, channels: Mapping[str, int], picture: str, layout: Layout, kept: np.dtype[Any]
    ) -> None:
        self._task = task
        self._channels = channels
        self._picture = picture
        self._kept = helper.np_dtype_to_tensor_dtype(kept)
        self._graph = GraphBuilder(layout)
        self._values: dict[str, str] = {}
        self._later: dict[str, Layer] = {}  # what a convolution does on its way
        self._tiled: tile_convolutions.Tiled | None = None  # what is measured, where it need not lie in order
        self._users = Counter(name for layer in task.layers for name in layer.inputs)

    def graph(self) -> Graph:
        for name in self._task.loaded:
            self._values[name] = self._load(name)
        for layer in self._task.layers:
            if self._is_done_later(layer):
                self._later[layer.name] = layer
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
        """The mean, then the mean square of what is left: a sum of squares alone would lose its digits."""
        channels = self._channels[name]
        value = self._asked(name)
        if self._graph.layout is CHANNELS_FIRST:
            axes = self._graph.constant(np.array([2, 3]), np.int64)
            mean = self._graph.add("ReduceMean", value, axes, keepdims=1)
            rest = self._graph.add("Sub", value, mean)
            square = self._graph.add("ReduceMean", self._graph.add("Mul", rest, rest), axes, keepdims=1)
        else:
            # A matrix multiplication is three times as fast as onnxruntime's ReduceMean over all but the last axis.
            shares = self._tiled.shares if self._tiled else lambda piece: _even(piece.asked[name])
            even = self._graph.control(shares, [1, -1], TensorProto.FLOAT)
            table = self._graph.add("Reshape", value, self._graph.constant(np.array([-1, channels]), np.int64))
            mean = self._graph.add("MatMul", even, table)
            rest = self._graph.add("Sub", table, mean)
            square = self._graph.add("MatMul", even, self._graph.add("Mul", rest, rest))
        shape = self._graph.constant(np.array([channels]), np.int64)
        for kind, found in (("mean", mean), ("square", square)):
            flat = self._graph.add("Reshape", found, shape)
            self._graph.result(f"{name}/{kind}", flat, TensorProto.FLOAT, (channels,))

    def _give(self, name: str) -> None:
        shape = CHANNELS_FIRST.shape(self._channels[name], -1, -1)
        self._graph.result(name, self._graph.to_channels_first(self._asked(name)), TensorProto.FLOAT, shape)

    def _asked(self, name: str) -> str:
        """The part that is asked for: more may have been computed for layers behind it."""
        if not self._users[name]:
            return self._values[name]
        return self._graph.crop(self._values[name], lambda piece: (piece.areas[name], piece.asked[name]))

    def _see(self, layer: Layer, name: str) -> str:
        """What the layer needs of its input: more may have been computed for others."""
        if self._users[name] == 1 and name not in self._task.asked:
            return self._values[name]
        return self._graph.crop(self._values[name], lambda piece: (piece.areas[name], piece.seen(layer, name)))

    def _is_done_later(self, layer: Layer) -> bool:
        user, layout = self._only_user(layer), self._graph.layout
        if user is None:
            return False
        match layer.operation:
            case Resize():
                behind = self._only_user(user)
                return behind is not None and doubles_by_itself(
                    behind.operation, user.operation, layer.operation, layout
                )
            case Pad():
                return layer.inputs[0] in self._later or tile_convolutions.pads_by_itself(
                    user.operation, layer.operation, layout
                )
        return False

    def _only_user(self, layer: Layer) -> Layer | None:
        """None where others need the layer too."""
        if self._users[layer.name] != 1 or layer.name in self._task.asked:
            return None
        (user,) = (user for user in self._task.layers if layer.name in user.inputs)
        return user

    def _compute(self, layer: Layer) -> str:
        graph, operation = self._graph, layer.operation
        first = layer.inputs[0]
        pad = self._later.get(first)
        source = pad.inputs[0] if pad else first
        doubling = self._later.get(source)
        match operation:
            case Pad():
                return tile_convolutions.add_pad(graph, self._values[first], layer)
            case Convolution() if pad and doubling:
                return self._from_tiles(
                    layer, add_doubled(graph, self._values[doubling.inputs[0]], layer, pad, doubling)
                )
            case Convolution() if tile_convolutions.is_winograd(operation, graph.layout):
                return self._from_tiles(layer, tile_convolutions.add_winograd(graph, self._values[source], layer, pad))
            case Convolution() if tile_convolutions.is_matrix(operation, graph.layout):
                return tile_convolutions.add_matrix(graph, self._see(layer, first), operation)
            case Convolution() if tile_convolutions.is_narrow(operation, graph.layout):
                return tile_convolutions.add_narrow(graph, self._values[source], layer, pad)
            case Convolution():
                return tile_convolutions.add_convolution(graph, self._see(layer, first), operation)
            case TransposedConvolution():
                return tile_convolutions.add_transposed(graph, self._see(layer, first), layer)
            case Normalisation():
                return self._normalisation(layer, operation)
            case Pointwise():
                return self._pointwise(layer, operation)
            case Concat():
                return graph.add(
                    "Concat", *(self._see(layer, name) for name in layer.inputs), axis=graph.layout.channel
                )
            case Pool():
                return self._pool(layer, operation)
            case Resize():
                return self._resize(layer, operation)

    def _from_tiles(self, layer: Layer, tiled: tile_convolutions.Tiled) -> str:
        if layer.name == self._task.measured and not self._users[layer.name] and layer.name not in self._task.stored:
            self._tiled = tiled  # statistics do not ask where pixels lie
            return tiled.table
        pixels = self._graph.control(lambda piece: tiled.pixels(piece)[None], [1, -1, -1])
        return self._graph.add("Gather", tiled.table, pixels, axis=0)

    def _normalisation(self, layer: Layer, operation: Normalisation) -> str:
        channels = operation.scale.shape[0]
        value = self._see(layer, layer.inputs[0])
        for kind, how in (("mean", "Sub"), ("factor", "Mul")):
            given = self._graph.given(f"{layer.name}/{kind}", TensorProto.FLOAT, (channels,))
            if self._graph.layout is CHANNELS_FIRST:
                given = self._graph.add("Reshape", given, self._graph.constant(np.array([-1, 1, 1]), np.int64))
            value = self._graph.add(how, value, given)
        return self._graph.biased(value, operation.shift if operation.shift.any() else None)

    def _pointwise(self, layer: Layer, operation: Pointwise) -> str:
        seen = [self._see(layer, name) for name in layer.inputs]

        def operand(value: int | Array) -> str:
            if isinstance(value, int):
                return seen[value]
            return self._graph.constant(self._graph.layout.by_channel(value), np.float32)

        return self._graph.add(operation.operation, *map(operand, operation.operands), **operation.attributes)

    def _pool(self, layer: Layer, operation: Pool) -> str:
        value = self._graph.to_channels_first(self._see(layer, layer.inputs[0]))
        kernel, strides = list(operation.kernel), list(operation.strides)
        found = self._graph.add(operation.operation, value, kernel_shape=kernel, strides=strides)
        return self._graph.from_channels_first(found)

    def _resize(self, layer: Layer, operation: Resize) -> str:
        (name,) = layer.inputs

        def grown(piece: Piece) -> tuple[Area, Area]:
            seen = piece.seen(layer, name)
            rows, columns = (
                Span(part.start * factor, part.stop * factor)
                for part, factor in zip((seen.rows, seen.columns), operation.factors, strict=True)
            )
            return Area(rows, columns), piece.areas[layer.name]

        scales = self._graph.constant(self._graph.layout.scales(operation.factors), np.float32)
        found = self._graph.add("Resize", self._see(layer, name), "", scales, **operation.attributes)
        return self._graph.crop(found, grown)


def _even(area: Area) -> Array:
    return np.full((1, area.pixels), 1 / area.pixels, np.float32)
