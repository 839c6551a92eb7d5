"""One picture's computation by its plan, a step at a time, with a smaller plan when memory is exhausted."""

from __future__ import annotations

import logging
from collections.abc import Generator

from server.engine.any_size import AnySizeNetwork
from server.engine.cancel import CancelToken
from server.engine.plan import DoesNotFit, Overflow, Plan
from server.engine.source import Band, RowSource, TakeBand

MOST_NEW_PLANS = 3

_log = logging.getLogger(__name__)


class Execution:
    """``source`` through ``network`` to ``take``, at first by ``plan``. When memory is exhausted it is planned again
    with half of it, and starts anew without giving out again what was given out already: results do not depend on the
    plan."""

    def __init__(self, network: AnySizeNetwork, source: RowSource, take: TakeBand, plan: Plan) -> None:
        self.plan = plan
        self.peak_memory_bytes = plan.memory_bytes
        self._network = network
        self._source = source
        self._take = take
        self._steps: Generator[float, None, None] | None = None
        self._new_plans = 0
        self._row = 0  # of this attempt
        self._given = 0  # rows, in all attempts

    def step(self, token: CancelToken) -> float:
        """Computes the next piece. Returns the share of the work that is done, 1 at the end and 0 when it starts anew
        with another plan; raises what Plan.run raises, lack of memory only when no smaller plan is left."""
        try:
            if self._steps is None:
                self._row = 0
                self._steps = self._network.translate([self._source], [self.take], self.plan, token)
            share = next(self._steps, 1.0)
            if share >= 1:
                self.close()
            return share
        except Overflow:
            self.close()
            self._follow(self._planned(self.plan.memory_bytes, exact=True))
            return 0.0
        except Exception as error:
            if token.is_cancelled or not self._network.is_lack_of_memory(error):
                raise
            self._plan_smaller(error)
            return 0.0

    def take(self, band: Band) -> None:
        """The next rows of this attempt; those that an earlier one gave out already are left out."""
        known = max(self._given - self._row, 0)
        self._row += band.shape[2]
        if known < band.shape[2]:
            self._given = self._row
            self._take(band[:, :, known:])

    def close(self) -> None:
        """Gives up what is computed so far. Not while a step runs."""
        if self._steps is not None:
            self._steps.close()
            self._steps = None

    def _plan_smaller(self, error: Exception) -> None:
        self.close()
        self._new_plans += 1
        if self._new_plans > MOST_NEW_PLANS:
            raise error
        try:
            self._follow(self._planned(self.plan.memory_bytes // 2))
        except DoesNotFit:
            raise error from None
        _log.warning("Memory was exhausted; the picture goes on in %d pieces.", self.plan.pieces)

    def _planned(self, memory: int, *, exact: bool = False) -> Plan:
        return self._network.plan(self._source.height, self._source.width, memory, exact=exact)

    def _follow(self, plan: Plan) -> None:
        self.plan = plan
        self.peak_memory_bytes = max(self.peak_memory_bytes, plan.memory_bytes)
