"""In which sweeps a network is computed and what is stored between them, so that it fits and costs least.

A normalisation needs the statistics of the whole picture before anything behind it can be computed. So there is one
sweep over the picture for each normalisation, and a last one for the result. A sweep starts from what an earlier one
has stored and may store a layer that lies further on; without room for that, the next sweep computes again what lies
between.

Take three convolutions with a normalisation behind each of the first two:

>>> import numpy as np
>>> from server.engine.network.network import Layer
>>> from server.engine.network.operations import Convolution, Normalisation
>>> from server.engine.network.spans import Window
>>> from server.engine.tiled.layout import CHANNELS_FIRST
>>> convolution = Convolution(np.ones((64, 64, 3, 3)), None, (1, 1), (1, 1), 1, (Window(3), Window(3)))
>>> norm = Normalisation(np.ones(64), np.zeros(64), epsilon=1e-5)
>>> operations = {"a": convolution, "norm a": norm, "b": convolution, "norm b": norm, "c": convolution}
>>> steps = pairwise(["image", *operations])
>>> layers = tuple(Layer(name, (before,), operations[name]) for before, name in steps)
>>> network = Network("image", 64, layers)
>>> def show(room):
...     terms = StorageTerms(value_bytes=4, access_cost=80, room=room)
...     for sweep in cheapest_schedule(network, network.sizes(104, 104), CHANNELS_FIRST, terms).sweeps:
...         computed = [layer.name for layer in layers[sweep.start.index : sweep.stop]]
...         print(", ".join(computed), "->", ", ".join(sorted(sweep.keep.names)) or "nothing stored")

With room for one layer, each sweep goes on from where the last one stopped. Without any, each begins at the picture:

>>> show(room=64 * 102 * 102 * 4)
a -> a
norm a, b -> b
norm b, c -> nothing stored
>>> show(room=0)
a -> nothing stored
a, norm a, b -> nothing stored
a, norm a, b, norm b, c -> nothing stored
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
    """A place between layers, right before the layer at ``index``: ``names`` are the layers before it whose outputs are
    used behind it, other than points."""

    index: int
    names: frozenset[str]


@dataclass(frozen=True)
class Sweep:
    """Computes the layers from ``start`` up to the index ``stop``: the statistics for the normalisation there or, at
    the network's end, the result. Afterwards what ``keep`` names is stored, and the rest of ``start`` is not needed
    again."""

    start: Cut
    stop: int
    keep: Cut

    @property
    def new(self) -> frozenset[str]:
        """The layers that this sweep stores."""
        return self.keep.names - self.start.names

    @property
    def gone(self) -> frozenset[str]:
        """The stored layers that are not needed behind it."""
        return self.start.names - self.keep.names


@dataclass(frozen=True)
class SweepSchedule:
    """Sweeps in order. ``kept_bytes`` is the most that is stored at a time, and ``cost`` is in multiplications."""

    sweeps: tuple[Sweep, ...]
    kept_bytes: int
    cost: float


@dataclass(frozen=True)
class StorageTerms:
    """How layers are stored between sweeps: bytes for each value, the cost of writing or reading one value (in
    multiplications), and how many bytes there is room for."""

    value_bytes: int
    access_cost: float
    room: float


def cheapest_schedule(
    network: Network, sizes: Mapping[str, Size], layout: Layout, terms: StorageTerms
) -> SweepSchedule | None:
    """The schedule that costs least of those that store no more than there is room for; None where there is none.

    ``sizes`` are those of the network's layers for the picture, by name.
    """
    return _Search(network, sizes, layout, terms).best()


@dataclass(frozen=True)
class _Found:
    cost: float
    kept_bytes: int
    sweeps: tuple[Sweep, ...] = ()


@dataclass
class _Search:
    """Dynamic programming over the sweeps: the state after each is the cut whose layers are stored."""

    network: Network
    sizes: Mapping[str, Size]
    layout: Layout
    terms: StorageTerms
    costs: list[float] = field(init=False)  # of all layers before an index
    points: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.points = self.network.points()
        self.costs = [0.0]
        for layer in self.network.layers:
            pixels = self.sizes[layer.name].pixels
            self.costs.append(self.costs[-1] + layer_cost(layer, self.sizes[layer.name].channels, self.layout) * pixels)

    def best(self) -> SweepSchedule | None:
        layers = self.network.layers
        norms = list(self.network.norms())
        cuts = [Cut(0, frozenset()), *self._candidates(norms)]
        states = {0: _Found(0.0, 0)}  # by the number of the cut that is stored
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
        return SweepSchedule(found.sweeps, found.kept_bytes, found.cost)

    def _candidates(self, norms: Sequence[int]) -> Iterator[Cut]:
        """The cut right before every normalisation and, between two of them, those further up that take less room."""
        for before, norm in pairwise([0, *norms]):
            least = math.inf
            for index in range(norm, before, -1):
                cut = self._cut(index, norm)
                if self._bytes(cut.names) < least:
                    least = self._bytes(cut.names)
                    yield cut

    def _cut(self, index: int, norm: int) -> Cut:
        """The cut before a layer for sweeps after the one that measures for ``norm``, which is known then."""
        layers = self.network.layers
        wanted = {self.network.output, *(layers[later].inputs[0] for later in self.network.norms() if later > norm)}
        for layer in reversed(layers[index:]):
            wanted.update(layer.sees if layer.name in wanted else ())
        return Cut(index, frozenset(wanted.intersection(layer.name for layer in layers[:index]) - self.points))

    def _sweeps(self, cuts: Sequence[Cut], number: int, stop: int, *, is_last: bool) -> Iterator[tuple[int, Sweep]]:
        start = cuts[number]
        yield 0 if is_last else number, Sweep(start, stop, cuts[0] if is_last else start)
        if not is_last:
            for target, cut in enumerate(cuts):
                if start.index < cut.index <= stop:
                    yield target, Sweep(start, stop, cut)

    def _extended(self, found: _Found, sweep: Sweep) -> _Found | None:
        """What has been found with one more sweep; None where that needs too much room.

        A layer that goes is freed as far down as the sweep has come, so only the larger of what goes and comes counts.
        """
        stays = self._bytes(sweep.start.names & sweep.keep.names)
        goes, comes = self._bytes(sweep.start.names - sweep.keep.names), self._bytes(sweep.new)
        kept = stays + max(goes, comes)
        if kept > self.terms.room:
            return None
        moved = (stays + goes + comes) / self.terms.value_bytes * self.terms.access_cost
        cost = self.costs[sweep.stop] - self.costs[sweep.start.index] + moved
        return _Found(found.cost + cost, max(found.kept_bytes, kept), (*found.sweeps, sweep))

    def _bytes(self, names: frozenset[str]) -> int:
        return sum(self.sizes[name].values for name in names) * self.terms.value_bytes
