"""One device for many: whose turn it is, and whose memory."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import TypeVar

from server.engine.account import NOTHING, Held, MemoryAccount
from server.engine.any_size import AnySizeNetwork
from server.engine.backend import Backend
from server.engine.entry import QueueEntry, Running
from server.engine.expectation import least_seconds
from server.engine.outbox import Convert, Outbox
from server.engine.pace import Pace
from server.engine.plan import DoesNotFit, Plan
from server.engine.scheduler import SLACK_SECONDS, Scheduler
from server.engine.sharing import companions, plan_within
from server.engine.source import RowSource

_log = logging.getLogger(__name__)

Result = TypeVar("Result")


class Worker:
    """Owns a device's one inference thread and ``memory`` bytes for what it computes (None: a share of what is free).
    Belongs to one event loop.

    Requests take turns of one piece, as Scheduler says. One whose rows nobody reads is passed over until somebody does.
    A request is planned when its first turn comes, with what memory is left, and keeps that until it ends; then its
    unread rows count. One that does not fit waits, and after a few that came later nobody starts before it. Small
    pictures of one size that wait for one filter are computed together.
    """

    def __init__(self, backend: Backend, *, memory: int | None = None) -> None:
        self.memory = backend.default_budget() if memory is None else memory
        self.account = MemoryAccount(self.memory, lambda: self._memory_of_computing)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="inference")
        self._scheduler: Scheduler[QueueEntry] = Scheduler()
        self._inside: set[QueueEntry] = set()  # also those that have ended, while they are not left
        self._computed: dict[QueueEntry, Running] = {}  # whose pieces the thread computes now
        self._computing: asyncio.Future[list[float | Exception]] | None = None
        self._changed = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None

    @property
    def memory_taken(self) -> int:
        """Of ``memory``, what is planned to be used by those that have started, what their unread rows take, and what
        the account holds for pictures on their way."""
        return self._memory_of_computing + self.account.held

    def request(
        self,
        client: str,
        network: AnySizeNetwork,
        source: RowSource,
        convert: Convert,
        pace: Pace,
        *,
        held: Held = NOTHING,
        is_preview: bool = False,
    ) -> Request:
        """A request, queued once it is entered. Turns are shared fairly between clients; ``convert`` makes of the
        result's rows what is read in the end; ``pace`` is the filter's; ``held`` is what the account has for the
        picture beside what is computed; a preview is not counted in the queue."""
        rows = Outbox(convert, self._wake)
        return Request(self, QueueEntry(client, network, source, rows, pace, held=held, is_preview=is_preview))

    def close(self) -> None:
        """Ends the thread. No request may be inside."""
        self._thread.shutdown()

    def join(self, entry: QueueEntry) -> None:
        """The entry wants its turns from now on."""
        self._scheduler.add(entry, time.monotonic())
        self._inside.add(entry)
        self._tell_positions()
        self._wake()
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve())

    async def leave(self, entry: QueueEntry) -> None:
        """Ends what is computed for it alone, and returns when that has ended."""
        entry.is_left = True
        self._scheduler.discard(entry)
        if self._computing is not None and all(one.is_left for one in self._computed) and entry in self._computed:
            next(iter(self._computed)).token.cancel()
            await _ended(self._computing)
        if entry not in self._computed:
            entry.close()
        self._inside.discard(entry)
        self._tell_positions()
        self._wake()

    def seconds_left(self, entry: QueueEntry) -> float | None:
        """Until the entry is done, with the turns that others take meanwhile; None while nothing is known to tell it
        by."""
        now = time.monotonic()
        own = entry.own_seconds_left(now)
        return None if own is None else own + self.seconds_for_others(entry, own, now)

    def least_seconds(self, client: str, pixels: int, pace: Pace) -> float | None:
        """Until a picture that came now would be done, at least; None where too little is known."""
        now = time.monotonic()
        return least_seconds(client, pixels, pace, self._scheduler.in_order(now), now)

    def seconds_for_others(self, entry: QueueEntry, own: float, now: float) -> float:
        """How long others will have the device before ``own`` seconds of the entry are done, by what is known of those
        that have started."""
        others = [other for other in self._scheduler.started if other is not entry and not other.rows.is_full]
        return sum(_seconds_for(other, entry, own, now) for other in others)

    def _wake(self) -> None:
        """Makes the worker look again whose turn it is, and the account what is free."""
        self.account.serve()
        self._changed.set()

    async def _serve(self) -> None:
        try:
            while self._scheduler:
                self._changed.clear()
                together = await self._next()
                if together:
                    await self._compute(together)
                else:
                    await self._changed.wait()
        except Exception as error:  # a fault of ours, for which nobody must wait for ever
            for entry in self._scheduler.in_order(time.monotonic()):
                self._end(entry, error)

    async def _next(self) -> dict[QueueEntry, Running]:
        """Whose turn it is: one that goes on, or one that starts, with those that are computed together with it."""
        for entry in self._scheduler.in_order(time.monotonic()):
            if entry.is_left or entry.rows.is_full:
                continue
            if entry.running:
                return {entry: entry.running}
            plan = await self._plan(entry)
            if plan is not None:
                return self._start(entry, plan)
        return {}

    async def _plan(self, entry: QueueEntry) -> Plan | None:
        """Within the memory that is left; None where the entry does not start now."""
        left, spare = self._memory_left(entry), self.memory - self.memory_taken
        if entry.least_memory > left or self._scheduler.first_owed(time.monotonic()) not in (None, entry):
            return None
        try:
            plan = await _ended(self._in_thread(lambda: plan_within(entry, left, self.memory, spare)))
        except DoesNotFit as error:
            entry.least_memory = error.memory_bytes
            if error.memory_bytes + entry.held.bytes > self.memory:
                self._end(entry, DoesNotFit(error.memory_bytes + entry.held.bytes, error.operation))
            return None
        except Exception as error:
            self._end(entry, error)
            return None
        return None if entry.is_left else plan

    def _start(self, entry: QueueEntry, plan: Plan) -> dict[QueueEntry, Running]:
        waiting = self._scheduler.waiting(time.monotonic())
        entries = [entry, *companions(entry, plan, waiting, self._memory_left(entry))]
        together = {one: one.start(plan, len(entries)) for one in entries}
        self._scheduler.count_overtaking(entry)
        self._tell_positions()
        return together

    async def _compute(self, together: dict[QueueEntry, Running]) -> None:
        """Computes one piece of one, or several pictures whole, and tells the entries what came of it."""
        began = time.monotonic()
        for running in together.values():
            running.forecast.piece_begins(began)
        self._computed, self._computing = together, self._in_thread(lambda: _step(together))
        outcomes = await _ended(self._computing)
        self._computed, self._computing = {}, None
        now = time.monotonic()
        for (entry, running), outcome in zip(together.items(), outcomes, strict=True):
            self._scheduler.count(entry, (now - began) / len(together), now)
            if isinstance(outcome, Exception):
                self._end(entry, outcome)
            elif running.has_computed(now, outcome):
                self._end(entry)
            if entry.is_left:
                entry.close()

    def _end(self, entry: QueueEntry, error: Exception | None = None) -> None:
        self._scheduler.discard(entry)
        entry.end(error)
        self._tell_positions()

    def _tell_positions(self) -> None:
        for entry, position in self._scheduler.positions(time.monotonic()):
            entry.move_to(position)

    def _memory_left(self, entry: QueueEntry) -> int:
        """For the entry, which holds some itself."""
        computed = self._memory_of_computing
        if computed:
            return self.memory - computed - self.account.held
        # What others hold may be waiting for this one: somebody must be computed, or nobody is.
        return self.memory - entry.held.bytes

    @property
    def _memory_of_computing(self) -> int:
        return sum(one.memory_bytes for one in {*self._inside, *self._computed})

    def _in_thread(self, work: Callable[[], Result]) -> asyncio.Future[Result]:
        return asyncio.get_running_loop().run_in_executor(self._thread, work)


class Request:
    """A place in a worker's queue, taken when it is entered (``async with``) and given up when it is left, which ends
    the computation at once."""

    def __init__(self, worker: Worker, entry: QueueEntry) -> None:
        self.entry = entry
        self._worker = worker

    async def __aenter__(self) -> QueueEntry:
        self._worker.join(self.entry)
        return self.entry

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._worker.leave(self.entry)


def _step(together: dict[QueueEntry, Running]) -> list[float | Exception]:
    """For each the share of its work that is done by now, or why it failed. In the inference thread."""
    first, running = next(iter(together.items()))
    try:
        if len(together) == 1:
            return [running.execution.step(first.token)]
        sources, takers = [entry.source for entry in together], [one.execution.take for one in together.values()]
        for _ in first.network.translate(sources, takers, running.execution.plan, first.token):
            pass
        return [1.0] * len(together)
    except Exception as error:
        if len(together) == 1:
            return [error]
        # As text: whoever keeps the record would keep the error, its frames and their pixels.
        _log.warning("%d pictures failed together and are computed one by one: %s", len(together), str(error))
        return [0.0] * len(together)


def _seconds_for(other: QueueEntry, entry: QueueEntry, own: float, now: float) -> float:
    """How long ``other`` will have the device before ``own`` seconds of ``entry`` are done: what has less to do goes
    first; what has more shares the device with what takes long, if another client asked for it."""
    left = other.own_seconds_left(now) or 0.0
    if other.pixels_left < entry.pixels_left:
        return left
    return min(left, max(own - SLACK_SECONDS / 2, 0.0)) if other.client != entry.client else 0.0


async def _ended(future: asyncio.Future[Result]) -> Result:
    """Waits for the future's end, however often the caller is cancelled: the thread is free only then."""
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError:
            continue
    return future.result()
