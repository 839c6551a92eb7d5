"""Graphs that are loaded, made when they are first needed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from server.engine.network.arrays import Array
from server.engine.network.network import Network
from server.engine.tiled.areas import Tile
from server.engine.tiled.layout import Layout
from server.engine.tiled.sweep_graph import build_sweep_graph
from server.engine.tiled.sweep_schedule import Sweep
from server.engine.tiled.sweep_task import task_of
from server.engine.tiled.tile_graph import TileGraph

# Makes an onnxruntime.InferenceSession of a model.
OpenSession = Callable[[bytes], Any]


@dataclass(frozen=True)
class Program:
    """A sweep's graph and the session that runs it."""

    graph: TileGraph
    session: Any

    @property
    def given(self) -> tuple[str, ...]:
        """What is to be fed, by the names of layers."""
        return tuple(self.graph.given.values())

    def run(
        self, tile: Tile, values: Mapping[str, Array], places: Mapping[str, Array | None], options: Any
    ) -> dict[str, Array]:
        """Results by name, each in its place where it has one; raises whatever onnxruntime raises."""
        binding = self.session.io_binding()
        feeds = [
            *self.graph.weights.items(),
            *((own, values[name]) for own, name in self.graph.given.items()),
            *((own, control(tile)) for own, control in self.graph.controls.items()),
        ]
        for own, value in feeds:
            binding.bind_cpu_input(own, value)
        for result, output in zip(self.graph.results, self._outputs, strict=True):
            place = places.get(result)
            if place is None:
                binding.bind_output(output, "cpu")
            else:
                binding.bind_output(output, "cpu", 0, place.dtype.type, place.shape, place.ctypes.data)
        self.session.run_with_iobinding(binding, options)
        found = zip(self.graph.results, binding.get_outputs(), strict=True)
        return {name: value.numpy() if (place := places.get(name)) is None else place for name, value in found}

    @cached_property
    def _outputs(self) -> list[str]:
        return [output.name for output in self.session.get_outputs()]


class Programs:
    """Of one network. Sweeps that do the same with other weights share a session."""

    def __init__(self, network: Network, layout: Layout, open_session: OpenSession) -> None:
        self._network = network
        self._layout = layout
        self._open = open_session
        self._programs: dict[tuple[Sweep, np.dtype[Any]], Program] = {}
        self._sessions: dict[bytes, Any] = {}

    def program(self, sweep: Sweep, kept: np.dtype[Any]) -> Program:
        if (sweep, kept) not in self._programs:
            channels = self._network.channel_counts()
            graph = build_sweep_graph(task_of(self._network, sweep), channels, self._network.input, self._layout, kept)
            self._programs[sweep, kept] = Program(graph, self._session(graph.model))
        return self._programs[sweep, kept]

    def _session(self, model: bytes) -> Any:
        key = hashlib.sha256(model).digest()
        if key not in self._sessions:
            self._sessions[key] = self._open(model)
        return self._sessions[key]
