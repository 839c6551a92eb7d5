"""One request in a worker's queue: what it waits for, how far it is, and the rows that come of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from server.engine.account import NOTHING, Held
from server.engine.any_size import AnySizeNetwork
from server.engine.cancel import CancelToken
from server.engine.execution import Execution
from server.engine.forecast import Forecast
from server.engine.outbox import Outbox, wait_for
from server.engine.pace import Pace
from server.engine.plan import Plan
from server.engine.source import RowSource
from server.errors import drop_frames

SIGN_OF_LIFE_SECONDS = 5.0


@dataclass
class Running:
    """A request that has its plan; ``batch_size`` is how many are computed together with it, itself included."""

    execution: Execution
    forecast: Forecast
    batch_size: int

    def has_computed(self, now: float, done: float) -> bool:
        """Notes that a piece has ended and that the share ``done`` of the work is done. Returns whether that is all."""
        self.forecast.piece_ends(now, done)
        if done >= 1:
            self.forecast.learn(self.batch_size)
            return True
        if not done:  # it starts anew, with a smaller plan or without those with which it failed
            self.batch_size = 1
            self.forecast.restart(self.execution.plan.pieces)
        return False


@dataclass(frozen=True)
class Usage:
    """What a request took: seconds in the queue and of the device, pieces, the number of pictures computed together,
    and the most bytes, rows that were not read yet included."""

    queue_seconds: float
    compute_seconds: float
    pieces: int
    batch_size: int
    peak_memory_bytes: int


class QueueEntry:
    """``source`` through ``network`` for ``client``. The owner of the queue moves it on, starts and ends it; the reader
    takes ``rows``. ``pace`` is the filter's; a preview is not counted in the queue."""

    def __init__(
        self,
        client: str,
        network: AnySizeNetwork,
        source: RowSource,
        rows: Outbox,
        pace: Pace,
        *,
        held: Held = NOTHING,
        is_preview: bool = False,
    ) -> None:
        self.client = client
        self.network = network
        self.source = source
        self.rows = rows
        self.pace = pace
        self.held = held
        self.is_preview = is_preview
        self.token = CancelToken()
        self.running: Running | None = None  # until its first turn comes
        self.least_memory = 0  # that would do, once it did not fit
        self.overtaken = 0  # by how many that came later and started, since its last turn
        self.is_left = False
        self.arrived = time.monotonic()
        self._queue_seconds = 0.0
        self._unread_bytes = 0  # at the end
        self._error: Exception | None = None
        self._position = -1
        self._moved = asyncio.Event()

    # The reader's side.

    async def positions(self) -> AsyncIterator[int]:
        """How many are ahead of this one, whenever that changes and every few seconds as a sign of life; ends when it
        has started, or failed."""
        while not self.is_started and not self.rows.is_at_end:
            self._moved.clear()
            if self._position > 0:
                yield self._position
            await wait_for(self._moved, SIGN_OF_LIFE_SECONDS)

    def raise_error(self) -> None:
        """Raises why there are no more rows, unless it is because all are there."""
        if self._error is not None:
            raise self._error

    def fraction(self) -> float | None:
        """The share of its work that is done; None while nothing is known to tell it by."""
        return self.running.forecast.fraction(time.monotonic()) if self.running else None

    def usage(self) -> Usage:
        """What it took so far; it must have started."""
        assert self.running is not None
        execution, forecast = self.running.execution, self.running.forecast
        return Usage(
            self._queue_seconds,
            forecast.compute_seconds,
            execution.plan.pieces,
            self.running.batch_size,
            execution.peak_memory_bytes + self.rows.peak_bytes,
        )

    # The queue's side.

    @property
    def is_started(self) -> bool:
        """Whether its first turn has come."""
        return self.running is not None

    @property
    def pixels(self) -> int:
        return self.source.height * self.source.width

    @property
    def pixels_left(self) -> float:
        """The number of its pixels, less the share of its work that is done."""
        return self.pixels * (1 - self.running.forecast.done) if self.running else self.pixels

    @property
    def memory_bytes(self) -> int:
        """What it takes of the worker's memory: by its plan, and after its end what is not read, until all is."""
        if self.rows.is_closed:
            return self._unread_bytes if self.rows.unread_bytes else 0
        return self.running.execution.plan.memory_bytes if self.running else 0

    def own_seconds_left(self, now: float) -> float | None:
        """Seconds of device time that it still needs; None while nothing is known to tell it by."""
        return self.running.forecast.own_seconds_left(now) if self.running else None

    @property
    def holds_device(self) -> bool:
        """Whether it is being computed whole: nobody else has a turn before it is done."""
        return self.running is not None and self.running.forecast.is_whole_run

    def least_seconds_left(self, now: float) -> float:
        """Seconds of device time that it still needs at least; 0 while nothing is known to tell it by."""
        if self.running:
            return self.own_seconds_left(now) or 0.0
        return self.pace.least_seconds_for(self.pixels) or 0.0

    def is_like(self, other: QueueEntry) -> bool:
        """Whether both can be computed together."""
        mine, theirs = self.source, other.source
        return self.network is other.network and (mine.height, mine.width) == (theirs.height, theirs.width)

    def move_to(self, position: int) -> None:
        """Tells the reader that this many are ahead of it."""
        if position != self._position:
            self._position = position
            self._moved.set()

    def start(self, plan: Plan, batch_size: int) -> Running:
        """Begins its computation by ``plan``, one of ``batch_size`` pictures that are computed together."""
        execution = Execution(self.network, self.source, self.rows.put, plan)
        self.running = Running(execution, Forecast(self.pace, self.pixels, plan.pieces), batch_size)
        self._queue_seconds = time.monotonic() - self.arrived
        self._moved.set()
        return self.running

    def close(self) -> None:
        """Gives up what is computed so far. Not while a piece is computed."""
        if self.running:
            self.running.execution.close()

    def end(self, error: Exception | None = None) -> None:
        """No more rows will come: all are there, or ``error`` is why not."""
        if error is not None:
            drop_frames(error)
        self._error = error
        self._unread_bytes = self.rows.unread_bytes
        self.rows.close()
        self._moved.set()
