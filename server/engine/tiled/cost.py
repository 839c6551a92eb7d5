"""What layers cost in time and memory, for plans and progress; the unit of time is one multiplication."""

from __future__ import annotations

from collections.abc import Mapping

from server.engine.network.network import Layer, Size, multiplications
from server.engine.tiled.areas import Piece
from server.engine.tiled.layout import Layout
from server.engine.tiled.sweep_graph import Task
from server.engine.tiled.tile_convolutions import is_winograd

# Measured on a CPU with AVX-512: to write a value takes about as long as this many multiplications, and Winograd's way
# takes about half of the direct one's time.
TOUCH = 80.0
_WINOGRAD = 0.5

VALUE_BYTES = 4


def layer_cost(layer: Layer, channels: int, layout: Layout) -> float:
    """For one pixel of its output."""
    saved = _WINOGRAD if is_winograd(layer.operation, layout) else 1.0
    return multiplications(layer.operation) * saved + TOUCH * channels


def piece_cost(task: Task, piece: Piece, layout: Layout) -> float:
    return sum(
        layer_cost(layer, piece.sizes[layer.name].channels, layout) * piece.areas[layer.name].pixels
        for layer in task.layers
    )


def piece_bytes(task: Task, piece: Piece, layout: Layout) -> int:
    """What is alive at a time, in the layer where that is most."""
    held = {name: _bytes(name, piece) for name in task.loaded}
    most = alive = sum(held.values())
    last = {name: place for place, layer in enumerate(task.layers) for name in layer.inputs}
    for place, layer in enumerate(task.layers):
        held[layer.name] = _bytes(layer.name, piece)
        alive += held[layer.name]
        most = max(most, alive + _workspace(layer, piece, layout))
        for name in set(layer.inputs):
            if last[name] == place and name not in task.asked:
                alive -= held.pop(name)
    return most


def kept_bytes(names: frozenset[str], sizes: Mapping[str, Size], value_bytes: int) -> int:
    return sum(sizes[name].values for name in names) * value_bytes


def _bytes(name: str, piece: Piece) -> int:
    return piece.areas[name].pixels * piece.sizes[name].channels * VALUE_BYTES


def _workspace(layer: Layer, piece: Piece, layout: Layout) -> int:
    """Copies in other orders; with Winograd's way 36 values for every 16, gathered, turned and multiplied."""
    inside, outside = sum(_bytes(name, piece) for name in layer.inputs), _bytes(layer.name, piece)
    if is_winograd(layer.operation, layout):
        return int(2.25 * max(2 * inside, inside + outside, 2 * outside))
    return inside + outside
