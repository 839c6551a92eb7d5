"""The layers that are no convolutions in the ONNX graph of a sweep."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from onnx import TensorProto

from server.engine.network.arrays import Array
from server.engine.network.network import Layer
from server.engine.network.operations import DepthToSpace, Normalisation, Pointwise, Pool, Resize, SpaceToDepth
from server.engine.network.spans import Span
from server.engine.tiled.areas import Area, Tile
from server.engine.tiled.layout import CHANNELS_FIRST
from server.engine.tiled.tile_graph import TileGraphBuilder


def add_normalisation(graph: TileGraphBuilder, value: str, layer: Layer) -> str:
    """Adds an instance normalisation; the caller feeds NAME/mean and NAME/factor, one number for each channel."""
    operation = layer.operation
    assert isinstance(operation, Normalisation)
    channels = operation.scale.shape[0]
    for kind, how in (("mean", "Sub"), ("factor", "Mul")):
        given = graph.given(f"{layer.name}/{kind}", TensorProto.FLOAT, (channels,))
        if graph.layout is CHANNELS_FIRST:
            given = graph.add("Reshape", given, graph.constant(np.array([-1, 1, 1]), np.int64))
        value = graph.add(how, value, given)
    return graph.biased(value, operation.shift if operation.shift.any() else None)


def add_pointwise(graph: TileGraphBuilder, seen: Sequence[str], operation: Pointwise) -> str:
    """Adds an operation on each value separately; ``seen`` are the layer's inputs."""

    def operand(value: int | Array) -> str:
        if isinstance(value, int):
            return seen[value]
        return graph.constant(graph.layout.by_channel(value), np.float32)

    return graph.add(operation.operation, *map(operand, operation.operands), **operation.attributes)


def add_pool(graph: TileGraphBuilder, value: str, operation: Pool) -> str:
    """Adds a pooling of all that ``value`` holds."""
    kernel, strides = list(operation.kernel), list(operation.strides)
    found = graph.add(operation.operation, graph.to_channels_first(value), kernel_shape=kernel, strides=strides)
    return graph.from_channels_first(found)


def add_known(graph: TileGraphBuilder, layer: Layer, channels: int) -> str:
    """Adds one pixel for the whole picture; the caller feeds NAME/value, one number for each channel."""
    given = graph.given(f"{layer.name}/value", TensorProto.FLOAT, (channels,))
    return graph.add("Reshape", given, graph.constant(np.array(graph.layout.shape(channels, 1, 1)), np.int64))


def add_space_to_depth(graph: TileGraphBuilder, value: str, operation: SpaceToDepth) -> str:
    """Adds the operation on all that ``value`` holds, which are whole blocks."""
    found = graph.add("SpaceToDepth", graph.to_channels_first(value), blocksize=operation.side)
    return graph.from_channels_first(found)


def add_depth_to_space(graph: TileGraphBuilder, value: str, layer: Layer) -> str:
    """Adds the operation on the tile, cut to the area that is wanted of the blocks."""
    operation = layer.operation
    assert isinstance(operation, DepthToSpace)
    first, side = graph.to_channels_first(value), operation.side
    found = graph.from_channels_first(graph.add("DepthToSpace", first, blocksize=side, mode=operation.mode))
    return graph.crop(found, _grown(layer, (side, side)))


def add_resize(graph: TileGraphBuilder, value: str, layer: Layer) -> str:
    """Adds an interpolation of the tile, cut to the area that does not depend on what lies outside the tile."""
    operation = layer.operation
    assert isinstance(operation, Resize)
    is_cubic = operation.attributes.get("mode") == b"cubic"  # onnxruntime's takes channels first only
    layout, source = (CHANNELS_FIRST, graph.to_channels_first(value)) if is_cubic else (graph.layout, value)
    scales = graph.constant(layout.scales(operation.factors), np.float32)
    found = graph.add("Resize", source, "", scales, **operation.attributes)
    return graph.crop(graph.from_channels_first(found) if is_cubic else found, _grown(layer, operation.factors))


def _grown(layer: Layer, factors: tuple[int, int]) -> Callable[[Tile], tuple[Area, Area]]:
    """The area that the layer makes of all that it sees, so many times as high and wide, and the one that is wanted."""

    def areas(tile: Tile) -> tuple[Area, Area]:
        seen = tile.seen(layer, layer.inputs[0])
        rows, columns = (
            Span(part.start * factor, part.stop * factor)
            for part, factor in zip((seen.rows, seen.columns), factors, strict=True)
        )
        return Area(rows, columns), tile.areas[layer.name]

    return areas
