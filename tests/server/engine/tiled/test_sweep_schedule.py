"""Schedules against all that could be chosen."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from server.engine.network.network import Network, Size
from server.engine.tiled.cost import ACCESS_COST, layer_cost
from server.engine.tiled.layout import CHANNELS_LAST
from server.engine.tiled.sweep_schedule import StorageTerms, SweepSchedule, cheapest_schedule
from server.engine.tiled.sweep_task import task_of
from tests.server.engine.tiled.drafts import Draft
from tests.server.engine.tiled.networks import NETWORKS, made
from tests.server.engine.tiled.running import read

HEIGHT, WIDTH = 48, 40
VALUE_BYTES = 4


def schedule(network: Network, room: float) -> SweepSchedule | None:
    sizes = network.sizes(HEIGHT, WIDTH)
    return cheapest_schedule(network, sizes, CHANNELS_LAST, StorageTerms(VALUE_BYTES, ACCESS_COST, room))


def used_behind(network: Network, place: int, measured: int) -> frozenset[str]:
    """What layers from ``place`` on are computed from, where all is known that is measured up to a layer's index."""
    layers = {layer.name: layer for layer in network.layers}
    before = {layer.name for layer in network.layers[:place]}
    open_ = [network.output, *(network.layers[norm].inputs[0] for norm in network.norms() if norm > measured)]
    found = set[str]()
    while open_:
        name = open_.pop()
        if name in before:
            found.add(name)
        elif name in layers:
            open_ += layers[name].sees
    return frozenset(found - network.points())


def options(network: Network) -> Iterator[tuple[float, float]]:
    """Cost and room of every way to keep something between sweeps: each keeps at a place, none before the last's."""
    sizes = network.sizes(HEIGHT, WIDTH)
    norms = list(network.norms())
    for places in itertools.product(*(range(norm + 1) for norm in norms)):
        if all(first <= second for first, second in pairwise(places)):
            yield _option(network, sizes, (0, *places, 0), [*norms, len(network.layers)])


def _option(network: Network, sizes: dict[str, Size], places: tuple[int, ...], stops: list[int]) -> tuple[float, float]:
    cost = room = 0.0

    def values(names: frozenset[str]) -> int:
        return sum(sizes[name].values for name in names)

    for start, keep, before, stop in zip(places[:-1], places[1:], [0, *stops[:-1]], stops, strict=True):
        old = used_behind(network, start, before) if start else frozenset()
        new = used_behind(network, keep, stop) if keep else frozenset()
        for layer in network.layers[start:stop]:
            size = sizes[layer.name]
            cost += layer_cost(layer, size.channels, CHANNELS_LAST) * size.pixels
        cost += ACCESS_COST * values(old | new)
        room = max(room, (values(old & new) + max(values(old - new), values(new - old))) * VALUE_BYTES)
    return cost, room


FEW = [network for network in NETWORKS if network.__name__ not in ("strided", "antialiased")]


@pytest.mark.parametrize("network", FEW, ids=lambda network: network.__name__)
def test_nothing_that_fits_is_cheaper(network: Callable[[Draft], str]) -> None:
    read_network = read(made(network))
    choices = list(options(read_network))
    for room in sorted({room for _, room in choices}):
        found = schedule(read_network, room)
        assert found
        assert found.kept_bytes <= room
        assert found.cost == pytest.approx(min(cost for cost, needed in choices if needed <= room))


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.__name__)
def test_more_room_never_costs_more(network: Callable[[Draft], str]) -> None:
    read_network = read(made(network))
    found = [schedule(read_network, room) for room in (0, 1e5, 2e5, 4e5, 8e5, math.inf)]
    costs = [one.cost for one in found if one]
    assert len(costs) == len(found)
    assert costs == sorted(costs, reverse=True)


@pytest.mark.parametrize("room", [0, 1e5, 2e5, math.inf])
@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.__name__)
def test_everything_is_known_before_it_is_used(network: Callable[[Draft], str], room: float) -> None:
    """Statistics come from an earlier sweep, and what a sweep loads is the picture or what one before it has kept."""
    read_network = read(made(network))
    found = schedule(read_network, room)
    assert found
    norms, known, kept = set(read_network.norms()), set[int](), set[str]()
    for sweep in found.sweeps:
        task = task_of(read_network, sweep)
        places = {read_network.layers.index(layer) for layer in task.layers}
        assert places & norms <= known
        assert set(task.loaded) <= kept | {read_network.input}
        assert sweep.start.names <= kept
        kept = set(sweep.keep.names) & (kept | set(task.stored))
        assert kept == sweep.keep.names
        known.add(sweep.stop)
    assert norms <= known
    assert found.sweeps[-1].stop == len(read_network.layers)


def test_without_room_everything_is_computed_again() -> None:
    found = schedule(read(made(NETWORKS[0])), 0)
    assert found
    assert found.kept_bytes == 0
    assert all(not sweep.keep.names and sweep.start.index == 0 for sweep in found.sweeps)


def test_a_network_without_normalisations_is_one_sweep() -> None:
    (normless,) = (network for network in NETWORKS if network.__name__ == "normless")
    found = schedule(read(made(normless)), 0)
    assert found
    assert len(found.sweeps) == 1
