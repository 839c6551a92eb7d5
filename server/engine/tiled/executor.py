"""The executor that computes a network in tiles: pictures of any size within any memory."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

from server.engine.cancel import CancelToken, RunControl
from server.engine.feed import Feed
from server.engine.network.unsupported import UnsupportedNetwork
from server.engine.plan import DoesNotFit
from server.engine.source import RowSource, TakeBand
from server.engine.tiled.tiled_network import TiledNetwork
from server.engine.tiled.tiling_plan import NoTilingFits, TilingPlan
from server.engine.whole import KEPT_PIXELS, Whole

# Planning tiles for deeper networks takes minutes.
_MOST_LAYERS = 500


class TiledExecutor:
    """Computes in tiles what ``network`` gives, which raises UnsupportedNetwork for networks that cannot be divided.
    Pictures that ``whole`` has memory for are left to it if they have less than ``least_pixels``, and where tiles would
    be slow or impossible. ``give_back`` is called around large pictures: what the device keeps for later goes back."""

    def __init__(
        self,
        network: Callable[[], TiledNetwork],
        feed: Feed,
        whole: Whole,
        *,
        least_pixels: int,
        give_back: Callable[[], None],
    ) -> None:
        self.network = network
        self.feed = feed
        self.give_back = give_back
        self._whole = whole
        self._least_pixels = least_pixels

    def plan(self, height: int, width: int, memory: int, *, exact: bool = False) -> PlannedTiles | None:
        """See Executor; None where the picture is left to ``whole``."""
        if height * width < self._least_pixels and self._whole.fits(height, width, memory):
            return None
        try:
            network = self.network()
            is_better_whole = network.layers > _MOST_LAYERS or not network.has_norms
            if is_better_whole and self._whole.fits(height, width, memory):
                return None
            return PlannedTiles(self, network.plan(height, width, memory, exact))
        except (UnsupportedNetwork, ValueError) as error:  # the latter: too small for a layer
            least = self._whole.least_bytes(height, width)
            if least <= memory:
                return None
            raise DoesNotFit(least, error.operation if isinstance(error, UnsupportedNetwork) else None) from error
        except NoTilingFits as error:
            least = self._whole.least_bytes(height, width)
            if least <= memory:
                return None
            raise DoesNotFit(min(least, error.least_bytes)) from error


@dataclass(frozen=True)
class PlannedTiles:
    """A Plan of a TiledExecutor."""

    executor: TiledExecutor
    plan: TilingPlan

    @property
    def pieces(self) -> int:
        """See Plan."""
        return self.plan.tiles

    @property
    def memory_bytes(self) -> int:
        """See Plan."""
        return self.plan.memory_bytes

    @property
    def takes_batches(self) -> bool:
        """See Plan."""
        return False

    def run(
        self, sources: Sequence[RowSource], takers: Sequence[TakeBand], token: CancelToken
    ) -> Generator[float, None, None]:
        """See Plan."""
        (source,), (take,) = sources, takers
        feed, control = self.executor.feed, RunControl(token)
        is_large = source.height * source.width > KEPT_PIXELS
        if is_large:
            self.executor.give_back()
        steps = self.executor.network().translate(
            lambda top, bottom: feed.normalise(source.rows(top, bottom)),
            lambda rows: take(feed.denormalise(rows)),
            self.plan,
            control,
        )
        try:
            for left in range(self.pieces, 0, -1):
                control.frees_memory = is_large and left == 1
                yield next(steps)
        finally:
            steps.close()
            if is_large:
                self.executor.give_back()
