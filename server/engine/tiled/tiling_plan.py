"""How a picture is computed tile by tile within a memory budget: in which sweeps and tiles, and what is stored how."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from server.engine.network.network import Network, Size
from server.engine.tiled.areas import Area
from server.engine.tiled.cost import ACCESS_COST
from server.engine.tiled.layout import Layout
from server.engine.tiled.memory_store import SEGMENTS
from server.engine.tiled.sweep_graph import build_sweep_graph
from server.engine.tiled.sweep_schedule import StorageTerms, Sweep, SweepSchedule, cheapest_schedule
from server.engine.tiled.sweep_task import SweepTask, task_of
from server.engine.tiled.tile_cost import tile_cost
from server.engine.tiled.tile_division import divide, tile_of
from server.engine.tiled.tile_graph import TileGraph
from server.engine.tiled.tile_needs import TileNeeds

# Large enough for matrix multiplications to be fast, small enough to stay near the processor. In a single sweep tiles
# overlap much, for nothing between them is stored, so they are larger there, to waste little.
_TILE_BYTES = 96 << 20
_LONE_TILE_BYTES = 512 << 20
# onnxruntime's arena keeps memory of other sizes than it needs now. How much, only the tiles' graphs say, so that less
# room is tried for them where they take more than was thought; without any room they are the smallest that can be.
_ARENA = 1.5
_SHARES = (1.0, 0.85, 0.7, 0.6, 0.5, 0.4, 0.32, 0.25, 0.18, 0.12, 0.0)
# A segment of the layer that comes and one of the layer that goes are in use only in part.
_SEGMENTED = 1 + 2 / SEGMENTS
_FILE_ACCESS_COST = 3 * ACCESS_COST
# Half precision, and a file of many gigabytes, are only chosen where they save this much of the cost.
_HALF = 1.05
_FILE = 1.5


@dataclass(frozen=True)
class PlannedSweep:
    """A sweep with its tiles: ``areas`` divide the picture, row by row, and ``cost`` is that of one pixel, in
    multiplications."""

    sweep: Sweep
    task: SweepTask
    areas: tuple[Area, ...]
    cost: float

    @property
    def pixels(self) -> int:
        """How many pixels the picture has."""
        return sum(area.pixels for area in self.areas)

    @property
    def name(self) -> str:
        """What tells this sweep from the network's others, for every size of picture."""
        return f"{self.sweep.start.index}-{self.sweep.stop}-{self.sweep.keep.index}"


@dataclass(frozen=True)
class TilingPlan:
    """How a picture is computed: ``sizes`` are the layers', by name; ``kept`` is the type of the values that are stored
    between sweeps, in memory (which ``recycles`` whole layers) or ``in_file``; ``memory_bytes`` is the most that all of
    it needs."""

    sizes: Mapping[str, Size]
    sweeps: tuple[PlannedSweep, ...]
    kept: np.dtype[Any]
    in_file: bool
    recycles: bool
    memory_bytes: int

    @property
    def tiles(self) -> int:
        """How many tiles are computed, in all sweeps together."""
        return sum(len(planned.areas) for planned in self.sweeps)


class NoTilingFits(Exception):
    """No way to compute the picture tile by tile fits the memory; ``least_bytes`` would do."""

    def __init__(self, least_bytes: int) -> None:
        super().__init__(least_bytes)
        self.least_bytes = least_bytes


def plan_tiles(
    network: Network,
    layout: Layout,
    height: int,
    width: int,
    memory: int,
    *,
    exact: bool = False,
    needs: TileNeeds | None = None,
) -> TilingPlan:
    """The cheapest plan for a picture of this size that needs at most ``memory`` bytes; ``needs`` are the network's.

    Layers are stored in memory, at full or (unless ``exact``) at half precision, or else in a file. Raises
    NoTilingFits, and ValueError for a picture that is too small for the network.
    """
    sizes = network.sizes(height, width)
    has_norms = next(network.norms(), None) is not None
    usual = int(min(_TILE_BYTES, memory / _ARENA / 4) if has_norms else min(_LONE_TILE_BYTES, memory / _ARENA))
    needs = needs or TileNeeds(network, layout, lambda sweep, kept: _graph(network, layout, sweep, kept))
    taken = _ARENA  # of the memory, for one byte of a tile's room
    for share in _SHARES:
        tile_room = int(usual * share)
        room = max(memory - int(tile_room * taken), 0) if share else 0
        schedule, kept, in_file = _schedule(network, sizes, layout, room / _SEGMENTED, exact=exact)
        sweeps = tuple(_planned(network, sizes, layout, sweep, tile_room) for sweep in schedule.sweeps)
        tiles = needs.most_bytes(sweeps, kept, sizes)
        needed = tiles + (0 if in_file else int(schedule.kept_bytes * _SEGMENTED))
        taken = max(taken, tiles / max(tile_room, 1))
        recycles = not in_file and needed + schedule.kept_bytes <= memory
        if needed <= memory:
            most = needed + schedule.kept_bytes if recycles else needed
            return TilingPlan(sizes, sweeps, kept, in_file, recycles, most)
    raise NoTilingFits(needed)


def _graph(network: Network, layout: Layout, sweep: Sweep, kept: np.dtype[Any]) -> TileGraph:
    return build_sweep_graph(task_of(network, sweep), network.channel_counts(), network.input, layout, kept)


def _schedule(
    network: Network, sizes: Mapping[str, Size], layout: Layout, room: float, *, exact: bool
) -> tuple[SweepSchedule, np.dtype[Any], bool]:
    """The cheapest schedule, the type of the values that it stores, and whether it stores them in a file."""
    single, half = np.dtype(np.float32), np.dtype(np.float16)
    found = []
    for kept, in_file, worse in ((single, False, 1.0), (half, False, _HALF), (single if exact else half, True, _FILE)):
        if exact and kept == half:
            continue
        access_cost, limit = (_FILE_ACCESS_COST, math.inf) if in_file else (ACCESS_COST, room)
        schedule = cheapest_schedule(network, sizes, layout, StorageTerms(kept.itemsize, access_cost, limit))
        if schedule:
            found.append((schedule.cost * worse, schedule, kept, in_file))
    _, schedule, kept, in_file = min(found, key=lambda candidate: candidate[0])
    return schedule, kept, in_file


def _planned(network: Network, sizes: Mapping[str, Size], layout: Layout, sweep: Sweep, tile_room: int) -> PlannedSweep:
    task, picture = task_of(network, sweep), sizes[network.input]
    areas = tuple(divide(task, sizes, picture, layout, tile_room))
    middle = areas[len(areas) // 2]
    # A sweep that only measures the picture itself has no layers but costs something too.
    cost = max(tile_cost(task, tile_of(task, middle, sizes, picture), layout) / middle.pixels, 1.0)
    return PlannedSweep(sweep, task, areas, cost)
