"""The layers that are no convolutions in the ONNX graph of a sweep."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import TensorProto

from server.engine.network.arrays import Array
from server.engine.network.network import Layer
from server.engine.network.operations import Normalisation, Pointwise, Pool, Resize
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


def add_resize(graph: TileGraphBuilder, value: str, layer: Layer) -> str:
    """Adds an interpolation of the tile, cut to the area that does not depend on what lies outside the tile."""
    operation, (name,) = layer.operation, layer.inputs
    assert isinstance(operation, Resize)

    def grown(tile: Tile) -> tuple[Area, Area]:
        seen = tile.seen(layer, name)
        rows, columns = (
            Span(part.start * factor, part.stop * factor)
            for part, factor in zip((seen.rows, seen.columns), operation.factors, strict=True)
        )
        return Area(rows, columns), tile.areas[layer.name]

    scales = graph.constant(graph.layout.scales(operation.factors), np.float32)
    return graph.crop(graph.add("Resize", value, "", scales, **operation.attributes), grown)
