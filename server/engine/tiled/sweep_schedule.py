"""In which sweeps a network is computed, and what is kept between them, so that it fits and costs least.

Every normalisation needs its statistics over the whole picture before anything behind it can be computed, so there is
one sweep over the picture for each, and one for the result. A sweep starts from what an earlier one has kept and may
keep something that lies further on; where there is no room for that, the next one computes again what lies between.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from server.engine.network.network import Network, Size
from server.engine.tiled.cost import layer_cost
from server.engine.tiled.layout import Layout


@dataclass(frozen=True)
class Cut:
    """A place between layers: before it lies what is known, ``names`` are the layers whose outputs are used behind
    it."""

    place: int
    names: frozenset[str]


@dataclass(frozen=True)
class Sweep:
    """Computes the layers from ``start`` on: the statistics of what the normalisation at ``stop`` sees or, at the end,
    the result. What ``keep`` names is kept for later sweeps, and what of ``start`` it does not name can go."""

    start: Cut
    stop: int
    keep: Cut

    @property
    def new(self) -> frozenset[str]:
        return self.keep.names - self.start.names


@dataclass(frozen=True)
class Schedule:
    """``kept_bytes``: the most that is kept at a time; ``cost``: in multiplications."""

    sweeps: tuple[Sweep, ...]
    kept_bytes: int
    cost: float


@dataclass(frozen=True)
class Keeping:
    """How values are kept: bytes for each, what it costs to put one away or to take it, and room in bytes."""

    value_bytes: int
    touch: float
    room: float


def cheapest(network: Network, sizes: Mapping[str, Size], layout: Layout, keeping: Keeping) -> Schedule | None:
    """The cheapest schedule within the room; None when there is none."""
    return _Search(network, sizes, layout, keeping).best()


@dataclass(frozen=True)
class _Found:
    cost: float
    kept_bytes: int
    sweeps: tuple[Sweep, ...] = ()


@dataclass
class _Search:
    network: Network
    sizes: Mapping[str, Size]
    layout: Layout
    keeping: Keeping
    costs: list[float] = field(init=False)  # of the layers before a place

    def __post_init__(self) -> None:
        self.costs = [0.0]
        for layer in self.network.layers:
            pixels = self.sizes[layer.name].pixels
            self.costs.append(self.costs[-1] + layer_cost(layer, self.sizes[layer.name].channels, self.layout) * pixels)

    def best(self) -> Schedule | None:
        layers = self.network.layers
        norms = list(self.network.norms())
        cuts = [Cut(0, frozenset()), *self._candidates(norms)]
        states = {0: _Found(0.0, 0)}  # by the number of the cut that is kept
        for stop in [*norms, len(layers)]:
            reached: dict[int, _Found] = {}
            for number, found in states.items():
                for target, sweep in self._sweeps(cuts, number, stop, is_last=stop == len(layers)):
                    extended = self._extended(found, sweep)
                    if extended and (target not in reached or extended.cost < reached[target].cost):
                        reached[target] = extended
            states = reached
        if not states:
            return None
        (found,) = states.values()
        return Schedule(found.sweeps, found.kept_bytes, found.cost)

    def _candidates(self, norms: Sequence[int]) -> Iterator[Cut]:
        """Right before every normalisation and, between two of them, the places before that keep less."""
        for before, norm in pairwise([0, *norms]):
            least = math.inf
            for place in range(norm, before, -1):
                cut = self._cut(place)
                if self._bytes(cut.names) < least:
                    least = self._bytes(cut.names)
                    yield cut

    def _cut(self, place: int) -> Cut:
        layers = self.network.layers
        known = {layer.name for layer in layers[:place]}
        return Cut(place, frozenset(name for layer in layers[place:] for name in layer.inputs if name in known))

    def _sweeps(self, cuts: Sequence[Cut], number: int, stop: int, *, is_last: bool) -> Iterator[tuple[int, Sweep]]:
        start = cuts[number]
        yield 0 if is_last else number, Sweep(start, stop, cuts[0] if is_last else start)
        if not is_last:
            for target, cut in enumerate(cuts):
                if start.place < cut.place <= stop:
                    yield target, Sweep(start, stop, cut)

    def _extended(self, found: _Found, sweep: Sweep) -> _Found | None:
        """What goes is given free as far as the sweep has come, so the larger of what goes and what comes counts."""
        stays = self._bytes(sweep.start.names & sweep.keep.names)
        goes, comes = self._bytes(sweep.start.names - sweep.keep.names), self._bytes(sweep.new)
        kept = stays + max(goes, comes)
        if kept > self.keeping.room:
            return None
        moved = (stays + goes + comes) / self.keeping.value_bytes * self.keeping.touch
        cost = self.costs[sweep.stop] - self.costs[sweep.start.place] + moved
        return _Found(found.cost + cost, max(found.kept_bytes, kept), (*found.sweeps, sweep))

    def _bytes(self, names: frozenset[str]) -> int:
        return sum(self.sizes[name].values for name in names) * self.keeping.value_bytes
