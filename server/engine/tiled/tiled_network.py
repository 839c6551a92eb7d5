"""One network, ready to compute pictures of any size tile by tile, with progress."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Generator
from functools import lru_cache, partial

from server.engine.cancel import RunControl
from server.engine.failure import NetworkFault
from server.engine.network.network import Network
from server.engine.tiled.layout import Layout
from server.engine.tiled.programs import OpenPart, Programs
from server.engine.tiled.sweep_runner import EmitRows, ReadRows, SweepRunner
from server.engine.tiled.tile_needs import TileNeeds
from server.engine.tiled.tiling_plan import PlannedSweep, TilingPlan, plan_tiles

_PLANS = 32
_NEARLY = 0.999


class TiledNetwork:
    """A network in one layout, whose parts ``open_part`` loads. It remembers plans, because planning takes longer than
    computing a small picture, and how long its sweeps take."""

    def __init__(self, network: Network, layout: Layout, open_part: OpenPart) -> None:
        self._network = network
        self._layout = layout
        self._programs = Programs(network, layout, open_part)
        needs = TileNeeds(network, layout, self._programs.graph)
        self._paces: dict[str, float] = {}  # seconds for the unit of cost, by what is measured
        # Not a method of ours: the cache would hold us, and we the cache, until Python looks for such circles.
        self._planned = lru_cache(_PLANS)(partial(_plan, network, layout, needs))

    @property
    def layers(self) -> int:
        """How many layers the network has."""
        return len(self._network.layers)

    @property
    def has_norms(self) -> bool:
        """Whether there are normalisations; without any, all layers are computed in one sweep, whose tiles overlap."""
        return next(self._network.norms(), None) is not None

    def plan(self, height: int, width: int, memory: int, exact: bool = False) -> TilingPlan:
        """The plan for a picture of this size within ``memory`` bytes, all at full precision if ``exact``. Raises
        NoTilingFits, and ValueError for a picture that is too small."""
        return self._planned(height, width, memory, exact)

    def translate(
        self, rows: ReadRows, emit: EmitRows, plan: TilingPlan, control: RunControl
    ) -> Generator[float, None, None]:
        """Computes a picture: each next() computes a tile and yields the share of the work that is done, 1 at the end.

        ``rows`` gives the picture's rows and ``emit`` takes the result's, from the top. Raises Overflow,
        NetworkFault for a result of another size than the picture's, and whatever the backend and files raise.
        """
        picture, result = plan.sizes[self._network.input], plan.sizes[self._network.output]
        if (result.height, result.width) != (picture.height, picture.width):
            raise NetworkFault(
                f"The network answered {result.height} x {result.width} pixels to {picture.height} x {picture.width}."
            )
        foretold = [self._seconds(planned) for planned in plan.sweeps]
        total, done, left = sum(foretold), 0.0, plan.tiles
        began = time.monotonic()
        for planned, number in SweepRunner(self._network, self._programs, plan, self._layout).steps(
            rows, emit, control
        ):
            share = planned.areas[number].pixels / planned.pixels
            self._learn(planned, share, time.monotonic() - began)
            done += foretold[plan.sweeps.index(planned)] * share
            left -= 1
            yield min(done / total, _NEARLY) if left else 1.0
            began = time.monotonic()  # others may have had a turn

    def _seconds(self, planned: PlannedSweep) -> float:
        """How long the sweep will take, by the pace of the last ones like it or, if there were none, of all others."""
        usual = sum(self._paces.values()) / len(self._paces) if self._paces else 1.0
        return self._paces.get(planned.name, usual) * planned.cost * planned.pixels

    def _learn(self, planned: PlannedSweep, share: float, seconds: float) -> None:
        pace = seconds / (planned.cost * planned.pixels * share)
        self._paces[planned.name] = pace + 0.8 * (self._paces.get(planned.name, pace) - pace)


def _plan(
    network: Network, layout: Layout, needs: TileNeeds, height: int, width: int, memory: int, exact: bool
) -> TilingPlan:
    return plan_tiles(network, layout, height, width, memory, exact=exact, needs=needs)


class TiledNetworks:
    """The ``most`` networks that were used last, by the content of their filters' files; each keeps its weights in a
    form that takes four times their memory."""

    def __init__(self, layout: Layout, open_part: OpenPart, *, most: int = 4) -> None:
        self._layout = layout
        self._open = open_part
        self._most = most
        self._networks: OrderedDict[str, TiledNetwork] = OrderedDict()

    def network(self, sha256: str, model: Callable[[], Network]) -> TiledNetwork:
        """The network of the file with this hash; ``model`` reads it if it is not here. Raises whatever ``model``
        raises."""
        if sha256 not in self._networks:
            self._networks[sha256] = TiledNetwork(model(), self._layout, self._open)
        self._networks.move_to_end(sha256)
        while len(self._networks) > self._most:
            self._networks.popitem(last=False)
        return self._networks[sha256]
