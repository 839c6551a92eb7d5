"""The executor that computes a network on an NVIDIA GPU with kernels of ours."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from server.engine.cancel import CancelToken
from server.engine.feed import Feed
from server.engine.fused.fused_network import FusedNetwork
from server.engine.fused.fused_plan import FusedPlan
from server.engine.fused.picture_layout import PictureLayout
from server.engine.source import EightBit, RowSource, TakeBand


class FusedExecutor:
    """Computes ``network``, which is fed as ``feed`` says, at once. ``takes_batches`` is whether several pictures may
    come together; they are computed one after the other."""

    def __init__(self, network: FusedNetwork, feed: Feed, *, takes_batches: bool) -> None:
        self.takes_batches = takes_batches
        self._network = network
        self._feed = feed

    def plan(self, height: int, width: int, memory: int, *, exact: bool = False) -> PlannedFused | None:
        """See Executor; None where the memory is not enough, or the picture is too small for a layer."""
        with contextlib.suppress(ValueError):
            found = self._network.plan(height, width, memory)
            return PlannedFused(self, found) if found is not None else None
        return None

    def compute(self, source: RowSource, take: TakeBand, plan: FusedPlan) -> None:
        """Computes one picture: from its bytes, where it is made of bytes and the network takes values from -1 to 1."""
        eight_bit = source.eight_bit
        if eight_bit is not None and self._feed.is_usual:
            self._compute_bytes(source, eight_bit, take, plan)
            return
        feed = self._feed
        self._network.run(
            lambda top, bottom: feed.normalise(source.rows(top, bottom)),
            lambda rows: take(feed.denormalise(rows)),
            PictureLayout(3, source.height, source.width),
            plan,
        )

    def _compute_bytes(self, source: RowSource, eight_bit: EightBit, take: TakeBand, plan: FusedPlan) -> None:
        layout = PictureLayout(eight_bit.samples, source.height, source.width, eight_bit.places)
        self._network.run(eight_bit.rows, lambda rows: take(rows.transpose(2, 0, 1)[None]), layout, plan)


@dataclass(frozen=True)
class PlannedFused:
    """A Plan of a FusedExecutor."""

    executor: FusedExecutor
    plan: FusedPlan

    @property
    def pieces(self) -> int:
        """See Plan."""
        return 1

    @property
    def memory_bytes(self) -> int:
        """See Plan."""
        return self.plan.memory_bytes

    @property
    def takes_batches(self) -> bool:
        """See Plan."""
        return self.executor.takes_batches

    def run(
        self, sources: Sequence[RowSource], takers: Sequence[TakeBand], token: CancelToken
    ) -> Generator[float, None, None]:
        """See Plan."""
        for source, take in zip(sources, takers, strict=True):
            self.executor.compute(source, take, self.plan)
        yield 1.0
