"""One picture's computation, a step at a time."""

from __future__ import annotations

import logging
from collections.abc import Generator
from typing import Any

from server.engine.any_size import Canvas, Emit, Plan, Source, TooLarge
from server.engine.memory import is_out_of_memory
from server.engine.pixels import Tensor
from server.engine.tiled.runner import Overflow

MOST_NEW_PLANS = 3

_log = logging.getLogger(__name__)


class Run:
    """``source`` through ``canvas`` to ``emit``. When memory is exhausted it is planned again with half of it, and
    starts anew without giving out again what was given out already: results do not depend on the plan."""

    def __init__(self, canvas: Canvas, source: Source, emit: Emit) -> None:
        self.canvas = canvas
        self.source = source
        self.peak_memory_bytes = 0
        self._emit = emit
        self._steps: Generator[float, None, None] | None = None
        self._new_plans = 0
        self._row = 0  # of this attempt
        self._given = 0  # rows, in all attempts

    @property
    def pixels(self) -> int:
        return self.source.height * self.source.width

    def is_like(self, other: Run) -> bool:
        """Whether both can be computed together."""
        mine, theirs = self.source, other.source
        return self.canvas is other.canvas and (mine.height, mine.width) == (theirs.height, theirs.width)

    def make_plan(self, memory: int) -> None:
        """Within ``memory`` bytes, before the first step. Raises TooLarge."""
        self.follow(self.canvas.plan(self.source.height, self.source.width, memory))

    def follow(self, plan: Plan) -> None:
        self.plan = plan
        self.peak_memory_bytes = max(self.peak_memory_bytes, plan.memory_bytes)

    def step(self, options: Any) -> float:
        """Computes the next piece. Returns the share of the work that is done, 1 at the end and 0 when it starts anew
        with a smaller plan; raises what the canvas raises, lack of memory only when no smaller plan is left."""
        if self._steps is None:
            self._row, self._steps = 0, self.canvas.translate(self.source, self.take, self.plan, options)
        try:
            share = next(self._steps, 1.0)
            if share >= 1:
                self.close()
            return share
        except Overflow:
            self.close()
            height, width = self.source.height, self.source.width
            self.follow(self.canvas.plan(height, width, self.plan.memory_bytes, exact=True))
            return 0.0
        except Exception as error:
            if options.terminate or not is_out_of_memory(error):
                raise
            self._plan_smaller(error)
            return 0.0

    def take(self, rows: Tensor) -> None:
        """The next rows of this attempt."""
        known = max(self._given - self._row, 0)
        self._row += rows.shape[2]
        if known < rows.shape[2]:
            self._given = self._row
            self._emit(rows[:, :, known:])

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
            self.make_plan(self.plan.memory_bytes // 2)
        except TooLarge:
            raise error from None
        _log.warning("Memory was exhausted; the picture goes on in %d pieces.", self.plan.pieces)
