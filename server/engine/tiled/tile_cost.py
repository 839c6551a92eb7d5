"""What one tile of a sweep costs in time, in multiplications, and in memory."""

from __future__ import annotations

from server.engine.network.network import Layer
from server.engine.tiled.areas import Tile
from server.engine.tiled.convolution_way import ConvolutionWay, way_of
from server.engine.tiled.cost import layer_cost
from server.engine.tiled.layout import Layout
from server.engine.tiled.sweep_task import SweepTask

VALUE_BYTES = 4
"""Bytes for one float32."""


def tile_cost(task: SweepTask, tile: Tile, layout: Layout) -> float:
    """What a sweep costs for one tile, margins included."""
    return sum(
        layer_cost(layer, tile.sizes[layer.name].channels, layout) * tile.areas[layer.name].pixels
        for layer in task.layers
    )


def tile_bytes(task: SweepTask, tile: Tile, layout: Layout) -> int:
    """How many bytes a sweep holds for one tile, during the layer where that is most."""
    held = {name: _bytes(name, tile) for name in task.loaded}
    most = alive = sum(held.values())
    last = {name: index for index, layer in enumerate(task.layers) for name in layer.sees}
    for index, layer in enumerate(task.layers):
        held[layer.name] = _bytes(layer.name, tile)
        alive += held[layer.name]
        most = max(most, alive + _workspace(layer, tile, layout))
        for name in set(layer.sees):
            if last[name] == index and name not in task.asked:
                alive -= held.pop(name)
    return most


def _bytes(name: str, tile: Tile) -> int:
    return tile.areas[name].pixels * tile.sizes[name].channels * VALUE_BYTES


def _workspace(layer: Layer, tile: Tile, layout: Layout) -> int:
    """Bytes of what a layer holds besides its inputs and output: copies with other axes or, with Winograd's algorithm,
    36 values for every 16 pixels, gathered, transformed and multiplied."""
    inside, outside = sum(_bytes(name, tile) for name in layer.sees), _bytes(layer.name, tile)
    if way_of(layer.operation, layout) is ConvolutionWay.WINOGRAD:
        return int(2.25 * max(2 * inside, inside + outside, 2 * outside))
    return inside + outside
