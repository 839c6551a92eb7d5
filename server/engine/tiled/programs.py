"""The graphs of a network's sweeps, loaded when they are first needed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from server.engine.cancel import RunControl
from server.engine.network.arrays import Array
from server.engine.network.network import Network
from server.engine.tiled.areas import Tile
from server.engine.tiled.layout import Layout
from server.engine.tiled.sweep_graph import build_sweep_graph
from server.engine.tiled.sweep_schedule import Sweep
from server.engine.tiled.sweep_task import task_of
from server.engine.tiled.tile_graph import TileGraph


class Part(Protocol):
    """A model that computes a part of a network, loaded by a backend."""

    def run(
        self, feeds: Sequence[tuple[str, Array]], places: Sequence[Array | None], control: RunControl
    ) -> list[Array]:
        """Each output's values, in its place where it has one. Raises whatever the backend raises."""


OpenPart = Callable[[bytes], Part]
"""Loads a serialised ONNX model."""


@dataclass(frozen=True)
class Program:
    """A sweep's graph and what runs it."""

    graph: TileGraph
    part: Part

    @property
    def given(self) -> tuple[str, ...]:
        """The names of what is to be fed: layers, and what normalisations take."""
        return tuple(self.graph.given.values())

    def run(
        self, tile: Tile, values: Mapping[str, Array], places: Mapping[str, Array | None], control: RunControl
    ) -> dict[str, Array]:
        """Results by name, each in its place where it has one. Raises whatever the backend raises."""
        feeds = [
            *self.graph.weights.items(),
            *((own, values[name]) for own, name in self.graph.given.items()),
            *((own, position(tile)) for own, position in self.graph.controls.items()),
        ]
        results = self.graph.results
        answers = self.part.run(feeds, [places.get(result) for result in results], control)
        return dict(zip(results, answers, strict=True))


class Programs:
    """The programs of one network. Sweeps that do the same with other weights share a part."""

    def __init__(self, network: Network, layout: Layout, open_part: OpenPart) -> None:
        self._network = network
        self._layout = layout
        self._open = open_part
        self._graphs: dict[tuple[Sweep, np.dtype[Any]], TileGraph] = {}
        self._programs: dict[tuple[Sweep, np.dtype[Any]], Program] = {}
        self._parts: dict[bytes, Part] = {}

    def program(self, sweep: Sweep, kept: np.dtype[Any]) -> Program:
        """The program of a sweep that loads and stores values of the type ``kept``."""
        if (sweep, kept) not in self._programs:
            graph = self.graph(sweep, kept)
            self._programs[sweep, kept] = Program(graph, self._part(graph.model))
        return self._programs[sweep, kept]

    def graph(self, sweep: Sweep, kept: np.dtype[Any]) -> TileGraph:
        """The graph of such a program."""
        if (sweep, kept) not in self._graphs:
            channels, task = self._network.channel_counts(), task_of(self._network, sweep)
            self._graphs[sweep, kept] = build_sweep_graph(task, channels, self._network.input, self._layout, kept)
        return self._graphs[sweep, kept]

    def _part(self, model: bytes) -> Part:
        key = hashlib.sha256(model).digest()
        if key not in self._parts:
            self._parts[key] = self._open(model)
        return self._parts[key]
