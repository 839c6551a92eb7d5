"""How a picture is computed: which sweeps, in which pieces, and what is kept between them how."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from server.engine.network.network import Network, Normalisation, Size
from server.engine.tiled.areas import Area
from server.engine.tiled.cost import TOUCH, piece_cost
from server.engine.tiled.layer_store import SEGMENTS
from server.engine.tiled.layout import Layout
from server.engine.tiled.sweep_graph import Task
from server.engine.tiled.sweep_schedule import Keeping, Schedule, Sweep, cheapest
from server.engine.tiled.tile_division import divide, held_bytes, piece_of

# Large enough for the matrix multiplications, small enough to stay near the processor; where pieces overlap much
# because there is nothing between them that is kept, large enough to waste little.
_PIECE_BYTES = 96 << 20
_LONE_PIECE_BYTES = 512 << 20
# onnxruntime's own memory keeps what has another size for later.
_ARENA = 1.5
# Of what comes and of what goes a segment is there that is used in part.
_SEGMENTED = 1 + 2 / SEGMENTS
_FILE_TOUCH = 3 * TOUCH
# What is better is worth so much more computing: full precision than half, and memory than a file of many gigabytes.
_HALF = 1.05
_FILE = 1.5


@dataclass(frozen=True)
class PlannedSweep:
    """``areas`` divide the picture, row by row; ``cost`` is a pixel's."""

    sweep: Sweep
    task: Task
    areas: tuple[Area, ...]
    cost: float

    @property
    def pixels(self) -> int:
        return sum(area.pixels for area in self.areas)

    @property
    def name(self) -> str:
        return f"{self.sweep.start.place}-{self.sweep.stop}-{self.sweep.keep.place}"


@dataclass(frozen=True)
class PiecePlan:
    """``kept`` is numpy's type of what is kept, in memory or ``in_file``; ``memory_bytes`` is the most that is
    needed."""

    sizes: Mapping[str, Size]
    sweeps: tuple[PlannedSweep, ...]
    kept: np.dtype[Any]
    in_file: bool
    recycles: bool
    memory_bytes: int

    @property
    def pieces(self) -> int:
        return sum(len(planned.areas) for planned in self.sweeps)


class TooLarge(Exception):
    """The picture needs more memory, whatever is done; ``least_bytes`` would do."""

    def __init__(self, least_bytes: int) -> None:
        super().__init__(least_bytes)
        self.least_bytes = least_bytes


def plan_pieces(
    network: Network, layout: Layout, height: int, width: int, memory: int, *, exact: bool = False
) -> PiecePlan:
    """The cheapest that needs at most ``memory`` bytes: what is kept lies in memory, at full or, unless ``exact``, at
    half precision, and else in a file. Raises TooLarge, and ValueError for a picture that is too small."""
    sizes = network.sizes(height, width)
    has_norms = next(network.norms(), None) is not None
    usual = int(min(_PIECE_BYTES, memory / _ARENA / 4) if has_norms else min(_LONE_PIECE_BYTES, memory / _ARENA))
    for piece_room, room in ((usual, memory - int(usual * _ARENA)), (0, 0)):
        schedule, kept, in_file = _schedule(network, sizes, layout, room / _SEGMENTED, exact=exact)
        sweeps = tuple(_planned(network, sizes, layout, sweep, piece_room) for sweep in schedule.sweeps)
        piece = max(_most_bytes(planned, sizes, sizes[network.input], layout) for planned in sweeps)
        needed = int(piece * _ARENA) + (0 if in_file else int(schedule.kept_bytes * _SEGMENTED))
        recycles = not in_file and needed + schedule.kept_bytes <= memory
        if needed <= memory:
            most = needed + schedule.kept_bytes if recycles else needed
            return PiecePlan(sizes, sweeps, kept, in_file, recycles, most)
    raise TooLarge(needed)


def _schedule(
    network: Network, sizes: Mapping[str, Size], layout: Layout, room: float, *, exact: bool
) -> tuple[Schedule, np.dtype[Any], bool]:
    single, half = np.dtype(np.float32), np.dtype(np.float16)
    found = []
    for kept, in_file, worse in ((single, False, 1.0), (half, False, _HALF), (single if exact else half, True, _FILE)):
        touch, limit = (_FILE_TOUCH, math.inf) if in_file else (TOUCH, room)
        schedule = (
            None if exact and kept == half else cheapest(network, sizes, layout, Keeping(kept.itemsize, touch, limit))
        )
        if schedule:
            found.append((schedule.cost * worse, schedule, kept, in_file))
    _, schedule, kept, in_file = min(found, key=lambda candidate: candidate[0])
    return schedule, kept, in_file


def _planned(
    network: Network, sizes: Mapping[str, Size], layout: Layout, sweep: Sweep, piece_room: int
) -> PlannedSweep:
    task, picture = task_of(network, sweep), sizes[network.input]
    areas = tuple(divide(task, sizes, picture, layout, piece_room))
    middle = areas[len(areas) // 2]
    # To measure the picture itself costs something too.
    cost = max(piece_cost(task, piece_of(task, middle, sizes, picture), layout) / middle.pixels, 1.0)
    return PlannedSweep(sweep, task, areas, cost)


def _most_bytes(planned: PlannedSweep, sizes: Mapping[str, Size], picture: Size, layout: Layout) -> int:
    largest = max(planned.areas, key=lambda area: area.pixels)
    return held_bytes(planned.task, largest, sizes, picture, layout)


def task_of(network: Network, sweep: Sweep) -> Task:
    is_last = sweep.stop == len(network.layers)
    measured = None if is_last else _normalised(network, sweep)
    output = network.output if is_last else None
    stored = sorted(sweep.new)
    wanted, layers = {name for name in (*stored, measured, output) if name}, []
    for layer in reversed(network.layers[sweep.start.place : sweep.stop]):
        if layer.name in wanted:
            wanted.update(layer.inputs)
            layers.append(layer)
    loaded = sorted(wanted.difference(layer.name for layer in layers))
    return Task(tuple(reversed(layers)), loaded, stored, measured, output)


def _normalised(network: Network, sweep: Sweep) -> str:
    layer = network.layers[sweep.stop]
    assert isinstance(layer.operation, Normalisation)
    return layer.inputs[0]
