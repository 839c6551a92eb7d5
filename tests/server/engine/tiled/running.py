"""Networks computed whole by plain onnxruntime, and in tiles in every way that a plan can choose."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from server.engine.cancel import CancelToken, RunControl
from server.engine.network.arrays import Array
from server.engine.network.network import Network
from server.engine.network.reader import read_network
from server.engine.onnxruntime.part import OnnxruntimePart
from server.engine.tiled.cost import ACCESS_COST
from server.engine.tiled.layout import CHANNELS_LAST, Layout
from server.engine.tiled.programs import Programs
from server.engine.tiled.sweep_runner import SweepRunner
from server.engine.tiled.sweep_schedule import StorageTerms, cheapest_schedule
from server.engine.tiled.sweep_task import task_of
from server.engine.tiled.tile_division import divide
from server.engine.tiled.tiling_plan import PlannedSweep, TilingPlan
from tests.server.engine.tiled.drafts import INPUT, OUTPUT

EVERYTHING = 1 << 40


@dataclass(frozen=True)
class Way:
    """How a picture is computed: bytes for what is kept and for a tile, and as what and where it is kept."""

    room: float = EVERYTHING
    tile_room: int = EVERYTHING
    kept: type[np.floating[Any]] = np.float32
    in_file: bool = False
    layout: Layout = CHANNELS_LAST


def open_part(model: bytes) -> OnnxruntimePart:
    return OnnxruntimePart(open_session(model))


def open_session(model: bytes) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def noise(channels: int, height: int, width: int) -> NDArray[np.float32]:
    """A picture, 1 x C x H x W, that differs everywhere and grows brighter from left to right."""
    values = np.random.default_rng(height * 1000 + width).uniform(-0.5, 0.5, (1, channels, height, width))
    return (values + np.linspace(-0.5, 0.5, width)).astype(np.float32)


def open_files() -> int:
    """Of this process."""
    return len(list(Path("/proc/self/fd").iterdir()))


@cache
def read(model: bytes) -> Network:
    return read_network(model, input=INPUT, output=OUTPUT)


def whole(model: bytes, picture: Array) -> Array:
    (result,) = open_session(model).run(None, {INPUT: picture})
    return np.asarray(result)


def plan_in(network: Network, way: Way, height: int, width: int) -> TilingPlan:
    sizes, kept = network.sizes(height, width), np.dtype(way.kept)
    schedule = cheapest_schedule(network, sizes, way.layout, StorageTerms(kept.itemsize, ACCESS_COST, way.room))
    assert schedule, "nothing fits"
    sweeps = []
    for sweep in schedule.sweeps:
        task = task_of(network, sweep)
        areas = tuple(divide(task, sizes, sizes[network.input], way.layout, way.tile_room))
        sweeps.append(PlannedSweep(sweep, task, areas, cost=1.0))
    return TilingPlan(sizes, tuple(sweeps), kept, way.in_file, recycles=way.room == EVERYTHING, memory_bytes=0)


def run_plan(network: Network, plan: TilingPlan, layout: Layout, picture: Array) -> Array:
    bands: list[Array] = []
    run = SweepRunner(network, Programs(network, layout, open_part), plan, layout)
    steps = run.steps(
        lambda top, bottom: picture[:, :, top:bottom], lambda band: bands.append(band.copy()), RunControl(CancelToken())
    )
    assert sum(1 for _ in steps) == plan.tiles
    return np.concatenate(bands, axis=2)


def in_tiles(model: bytes, picture: Array, way: Way) -> Array:
    network = read(model)
    plan = plan_in(network, way, *picture.shape[2:])
    assert plan.tiles > len(plan.sweeps) or way.tile_room == EVERYTHING, "no tiles"
    return run_plan(network, plan, way.layout, picture)
