"""Plans within a memory budget."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from server.engine.tiled.cost import layer_cost
from server.engine.tiled.layout import CHANNELS_LAST
from server.engine.tiled.tiled_network import TiledNetwork
from server.engine.tiled.tiling_plan import NoTilingFits, TilingPlan, plan_tiles
from tests.server.engine.tiled.networks import NETWORKS, antialiased, made, norm_first, normless, unet
from tests.server.engine.tiled.running import noise, open_part, read, run_plan, whole

MIB = 1 << 20
HEIGHT, WIDTH = 96, 72


def plan(kind: object, memory: float, *, exact: bool = False, height: int = HEIGHT, width: int = WIDTH) -> TilingPlan:
    (network,) = (network for network in NETWORKS if network is kind)
    return planned(made(network))(height, width, int(memory), exact)


@cache
def planned(model: bytes) -> Callable[[int, int, int, bool], TilingPlan]:
    """Plans with graphs that are made once."""
    return TiledNetwork(read(model), CHANNELS_LAST, open_part).plan


@pytest.mark.parametrize("memory", [2, 3, 4, 8, 64])
@pytest.mark.parametrize("kind", [antialiased, unet, normless])
@pytest.mark.parametrize("exact", [True, False])
def test_no_plan_needs_more_than_there_is(kind: object, memory: int, exact: bool) -> None:
    found = plan(kind, memory * MIB, exact=exact)
    assert found.memory_bytes <= memory * MIB
    assert found.kept == np.float32 or not exact


@pytest.mark.parametrize("kind", [antialiased, unet, normless, norm_first])
def test_what_is_said_to_be_the_least_is_enough(kind: object) -> None:
    with pytest.raises(NoTilingFits) as caught:
        plan(kind, 1000)
    found = plan(kind, caught.value.least_bytes)
    assert found.memory_bytes <= caught.value.least_bytes


def test_with_room_for_all_nothing_is_kept_at_half_precision_or_in_a_file() -> None:
    found = plan(antialiased, 1 << 30)
    assert found.kept == np.float32
    assert not found.in_file
    assert found.tiles == len(found.sweeps)


def test_little_room_makes_more_tiles() -> None:
    assert plan(normless, 2 * MIB).tiles > plan(normless, 64 * MIB).tiles


@pytest.mark.parametrize("kind", [antialiased, normless])
def test_a_little_more_memory_never_makes_many_more_tiles(kind: object) -> None:
    """As it would if what tiles need beside their room were not seen before."""
    counts = [plan(kind, memory / 4 * MIB, height=400, width=800).tiles for memory in range(10, 120, 3)]
    assert all(more <= 1.5 * fewer for fewer, more in pairwise(counts))


def test_the_work_of_a_sweep_is_that_of_its_layers() -> None:
    """With room for all no pixel is computed twice: what a sweep multiplies is what its layers do, whole, but for rows
    and columns at their edges that no later layer reads."""
    found = plan(antialiased, 1 << 30)
    for planned in found.sweeps:
        sizes = [(layer, found.sizes[layer.name]) for layer in planned.task.layers]
        work = sum(layer_cost(layer, size.channels, CHANNELS_LAST) * size.pixels for layer, size in sizes)
        assert work > planned.pixels
        assert planned.cost * planned.pixels == pytest.approx(work, rel=0.01)


def test_a_picture_that_is_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="2 x 40"):
        plan(antialiased, 1 << 30, height=2, width=40)


@pytest.mark.parametrize("memory", [2 * MIB, 3 * MIB, 1 << 30])
def test_planned_tiles_give_the_whole_pictures_result(memory: int) -> None:
    model, picture = made(antialiased), noise(3, HEIGHT, WIDTH)
    network = read(model)
    found = run_plan(network, plan_tiles(network, CHANNELS_LAST, HEIGHT, WIDTH, memory), CHANNELS_LAST, picture)
    np.testing.assert_allclose(found, whole(model, picture), atol=5e-3)
