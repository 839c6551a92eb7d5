"""Areas that divide a picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from server.engine.network.arrays import Array
from server.engine.network.network import Network
from server.engine.network.spans import Span
from server.engine.tiled.areas import Area
from server.engine.tiled.layout import CHANNELS_LAST
from server.engine.tiled.sweep_schedule import StorageTerms, cheapest_schedule
from server.engine.tiled.sweep_task import SweepTask, task_of
from server.engine.tiled.tile_division import divide, held_bytes, tile_of, unit_of
from server.engine.tiled.winograd import OUTPUT_SIDE
from tests.server.engine.tiled import networks
from tests.server.engine.tiled.drafts import Draft
from tests.server.engine.tiled.running import EVERYTHING, read

KINDS = (networks.antialiased, networks.strided, networks.normless, networks.norm_alone)


def tasks(network: Network, height: int, width: int) -> list[SweepTask]:
    found = cheapest_schedule(network, network.sizes(height, width), CHANNELS_LAST, StorageTerms(4, 0, EVERYTHING))
    assert found
    return [task_of(network, sweep) for sweep in found.sweeps]


def covered(areas: list[Area], height: int, width: int) -> Array:
    """How often each pixel is in an area."""
    times = np.zeros((height, width), int)
    for area in areas:
        assert 0 <= area.rows.start < area.rows.stop <= height
        assert 0 <= area.columns.start < area.columns.stop <= width
        times[area.rows.start : area.rows.stop, area.columns.start : area.columns.stop] += 1
    return times


@given(some.sampled_from(KINDS), some.integers(8, 50), some.integers(8, 50), some.integers(0, 21))
@settings(max_examples=30, deadline=None)
def test_every_pixel_is_in_one_area(kind: Callable[[Draft], str], height: int, width: int, room: int) -> None:
    """In every layer that is asked for, too; row by row."""
    height, width = 4 * height, 4 * width
    network = read(networks.made(kind))
    sizes = network.sizes(height, width)
    for task in tasks(network, height, width):
        areas = divide(task, sizes, sizes[network.input], CHANNELS_LAST, 1 << room)
        assert (covered(areas, height, width) == 1).all()
        assert areas == sorted(areas, key=lambda area: (area.rows.start, area.columns.start))
        asked = [tile_of(task, area, sizes, sizes[network.input]).asked for area in areas]
        for name in task.asked:
            times = covered([tile[name] for tile in asked], sizes[name].height, sizes[name].width)
            assert (times == 1).all()


@pytest.mark.parametrize("kind", KINDS)
def test_tiles_are_whole_tiles_of_the_smallest_layer(kind: Callable[[Draft], str]) -> None:
    network = read(networks.made(kind))
    sizes = network.sizes(104, 136)
    unit = unit_of(sizes, sizes[network.input])
    assert unit % OUTPUT_SIDE == 0
    for task in tasks(network, 104, 136):
        for area in divide(task, sizes, sizes[network.input], CHANNELS_LAST, 1):
            assert area.rows.start % unit == area.columns.start % unit == 0
            assert area.rows.stop % unit == 0 or area.rows.stop == 104
            assert min(area.shape) >= unit, "a small rest belongs to the last tile"


def test_with_room_for_all_there_is_one_piece() -> None:
    network = read(networks.made(networks.antialiased))
    sizes = network.sizes(64, 48)
    for task in tasks(network, 64, 48):
        (area,) = divide(task, sizes, sizes[network.input], CHANNELS_LAST, EVERYTHING)
        assert area.shape == (64, 48)


def test_bands_come_before_tiles() -> None:
    """Of a picture that is not wide, with a little room, over the whole width."""
    network = read(networks.made(networks.normless))
    sizes = network.sizes(400, 48)
    (task,) = tasks(network, 400, 48)
    areas = divide(task, sizes, sizes[network.input], CHANNELS_LAST, 3 << 20)
    assert len(areas) > 1
    assert all(area.columns.length == 48 for area in areas)


def test_tiles_overlap_little() -> None:
    """Of a wide picture: not the widest tiles that fit, which would be low and so have more margin."""
    network = read(networks.made(networks.antialiased))
    sizes = network.sizes(320, 2048)
    task = tasks(network, 320, 2048)[4]
    for room in (2 << 20, 4 << 20):
        rows, columns = divide(task, sizes, sizes[network.input], CHANNELS_LAST, room)[0].shape
        assert columns < 4 * rows < 16 * columns


def test_a_tile_also_holds_rows_of_the_whole_picture() -> None:
    """Those that it is cut from, with its margins, and twice those that it becomes a part of."""
    network, area = read(networks.made(networks.normless)), Area(Span(32, 64), Span(32, 64))
    held = []
    for width in (400, 1600):
        sizes = network.sizes(400, width)
        (task,) = tasks(network, 400, width)
        rows = tile_of(task, area, sizes, sizes[network.input]).areas[network.input].rows.length
        held.append(held_bytes(task, area, sizes, sizes[network.input], CHANNELS_LAST))
    assert rows > 32
    assert held[1] - held[0] == (rows + 2 * 32) * 1200 * 3 * 4
