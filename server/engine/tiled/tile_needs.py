"""What the tiles of a plan take: by the graphs that compute them, and by what they are fed and answer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from server.engine.footprint.arena import Arena
from server.engine.footprint.footprint import Footprint
from server.engine.footprint.shapes import Value
from server.engine.network.network import Network, Size
from server.engine.tiled.areas import Area, Tile
from server.engine.tiled.layout import CHANNELS_FIRST, Layout
from server.engine.tiled.sweep_schedule import Sweep
from server.engine.tiled.sweep_task import SweepTask
from server.engine.tiled.tile_cost import VALUE_BYTES
from server.engine.tiled.tile_division import tile_of
from server.engine.tiled.tile_graph import TileGraph

GraphOf = Callable[[Sweep, np.dtype[Any]], TileGraph]
"""The graph of a sweep that loads and stores values of this type."""

# Measured: what may be taken beyond what is foreseen.
_ARENA = 1.1
# Numbers that say where a tile lies; there are more that say where its pixels come from.
_FEW = 64
# Rows of the picture and of the result are converted, each to an array of its own.
_CONVERTED = 2


class Tiles(Protocol):
    """What is to be known of a sweep and its tiles."""

    @property
    def sweep(self) -> Sweep: ...

    @property
    def task(self) -> SweepTask: ...

    @property
    def areas(self) -> tuple[Area, ...]: ...


class TileNeeds:
    """Of one network in one layout, whose sweeps are computed by the graphs of ``graph_of``."""

    def __init__(self, network: Network, layout: Layout, graph_of: GraphOf) -> None:
        self._input = network.input
        self._channels = network.channel_counts()
        self._layout = layout
        self._graph_of = graph_of
        self._footprints: dict[bytes, Footprint] = {}

    def most_bytes(self, sweeps: Sequence[Tiles], kept: np.dtype[Any], sizes: Mapping[str, Size]) -> int:
        """The most that the largest tile of each sweep takes, one sweep after the other in the same arena."""
        arena, beside, picture = Arena(), 0, sizes[self._input]
        seen: set[tuple[bytes, tuple[tuple[int, ...], ...]]] = set()
        for planned in sweeps:
            area = max(planned.areas, key=lambda one: one.pixels)
            tile = tile_of(planned.task, area, sizes, picture)
            graph = self._graph_of(planned.sweep, kept)
            fed = self._fed(graph, tile, kept)
            beside = max(beside, _loaded(graph, fed) + _rows(planned.task, tile, area, picture))
            key = hashlib.sha256(graph.model).digest()
            once = key, tuple(value.shape or () for value in fed.values())
            if once not in seen:  # the arena has room for it already
                seen.add(once)
                self._footprint(key, graph).run({**fed, **_weights(graph)}, arena)
        return int(arena.taken * _ARENA) + beside

    def _footprint(self, key: bytes, graph: TileGraph) -> Footprint:
        if key not in self._footprints:
            self._footprints[key] = Footprint(graph.model)
        return self._footprints[key]

    def _fed(self, graph: TileGraph, tile: Tile, kept: np.dtype[Any]) -> dict[str, Value]:
        fed = {own: self._given(name, tile, kept) for own, name in graph.given.items()}
        for own, position in graph.controls.items():
            value = position(tile)
            number = value.astype(np.int64) if value.dtype.kind in "iu" else value
            fed[own] = Value.of(number, known=value.size <= _FEW)
        return fed

    def _given(self, name: str, tile: Tile, kept: np.dtype[Any]) -> Value:
        if name not in tile.areas:  # statistics
            return Value.of(np.empty(self._channels[name.rpartition("/")[0]], np.float32), known=False)
        is_picture = name == self._input
        layout = CHANNELS_FIRST if is_picture else self._layout
        shape = layout.shape(self._channels[name], *tile.areas[name].shape)
        return Value.of(np.broadcast_to(np.zeros((), np.float32 if is_picture else kept), shape), known=False)


def _weights(graph: TileGraph) -> dict[str, Value]:
    return {own: Value.of(value, known=False) for own, value in graph.weights.items()}


def _loaded(graph: TileGraph, fed: Mapping[str, Value]) -> int:
    """Bytes of what the graph is fed, but for its weights, which are there anyway."""
    return sum(value.bytes for name, value in fed.items() if name in graph.given or name in graph.controls)


def _rows(task: SweepTask, tile: Tile, area: Area, picture: Size) -> int:
    """Bytes of the picture's and the result's rows that a tile is cut from and put together to."""
    rows = sum(tile.areas[name].rows.length for name in task.loaded if tile.sizes[name] is picture)
    rows += area.rows.length if task.output else 0
    return _CONVERTED * rows * picture.width * picture.channels * VALUE_BYTES
