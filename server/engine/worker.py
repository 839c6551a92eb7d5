"""One device for many: whose turn it is, and whose memory."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from server.engine.any_size import Canvas, Source, TooLarge
from server.engine.entry import Convert, Ticket
from server.engine.execution import Run
from server.engine.onnxruntime.backend import Device
from server.engine.pace import Pace
from server.engine.scheduler import SLACK_SECONDS, Turns

# Of the memory that is left one request may plan with so much, so that others fit in beside it: in whole steps of that
# of all, for plans are remembered, and nearly the same memory would need another.
_SHARE_OF_ONE = 0.75
_STEPS = 16

# Pictures of one size are computed together up to these limits: so many, each of so many pixels, all of them in so many
# seconds, for others wait meanwhile, or, before the filter's pace is known, of so many pixels together.
MOST_TOGETHER = 8
_LARGEST_TOGETHER = 512 * 512
_SECONDS_TOGETHER = 0.5
_PIXELS_TOGETHER = 512 * 512

_log = logging.getLogger(__name__)

Result = TypeVar("Result")


class Worker:
    """Owns a device's one inference thread and ``memory`` bytes for what it computes (None: a share of what is free).
    Belongs to one event loop.

    Requests take turns of one piece, as Turns says. One whose rows nobody reads is passed over until somebody does. A
    request is planned when its first turn comes, with what memory is left, and keeps that until it ends; then its
    unread rows count. One that does not fit waits, and after a few who came later nobody starts before it. Small
    pictures of one size that wait for one filter are computed together.
    """

    def __init__(self, device: Device, *, memory: int | None = None) -> None:
        self.memory = device.default_budget() if memory is None else memory
        self._device = device
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="inference")
        self._turns = Turns()
        self._inside: set[Ticket] = set()  # also those that have ended, while they are not left
        self._computed: list[Ticket] = []  # whose pieces the thread computes now
        self._computing: asyncio.Future[list[float | Exception]] | None = None
        self._changed = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None

    def request(
        self,
        client: str,
        canvas: Canvas,
        source: Source,
        convert: Convert,
        pace: Pace,
        *,
        is_preview: bool = False,
    ) -> Ticket:
        """``client`` is who asks, for fairness; ``convert`` makes of the result's rows what is read in the end;
        ``pace`` is the filter's; a preview is not counted in the queue."""
        return Ticket(self, client, canvas, source, convert, pace, self._device.run_options(), is_preview)

    def close(self) -> None:
        self._thread.shutdown()

    def wake(self) -> None:
        """Looks again whose turn it is."""
        self._changed.set()

    def join(self, ticket: Ticket) -> None:
        self._turns.add(ticket, time.monotonic())
        self._inside.add(ticket)
        self._tell_positions()
        self.wake()
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve())

    async def leave(self, ticket: Ticket) -> None:
        """Ends what is computed for it alone, and returns when that has ended."""
        self._turns.discard(ticket)
        if self._computing is not None and all(one.is_left for one in self._computed) and ticket in self._computed:
            self._computed[0].options.terminate = True
            await _ended(self._computing)
        if ticket not in self._computed:
            ticket.run.close()
        self._inside.discard(ticket)
        self._tell_positions()
        self.wake()

    def seconds_for_others(self, ticket: Ticket, own: float, now: float) -> float:
        """How long others will have the device before ``own`` seconds of the ticket are done, by what is known of those
        that have started."""
        others = [other for other in self._turns.started if other is not ticket and not other.rows.is_full]
        return sum(_seconds_for(other, ticket, own, now) for other in others)

    async def _serve(self) -> None:
        try:
            while self._turns:
                self._changed.clear()
                together = await self._next()
                if together:
                    await self._compute(together)
                else:
                    await self._changed.wait()
        except Exception as error:  # a fault of ours, for which nobody shall wait for ever
            for ticket in self._turns.in_order(time.monotonic()):
                self._end(ticket, error)

    async def _next(self) -> list[Ticket]:
        """Whose turn it is: one that goes on, or one that starts, with those that are computed together with it."""
        for ticket in self._turns.in_order(time.monotonic()):
            if ticket.is_left or ticket.rows.is_full:
                continue
            if ticket.is_started:
                return [ticket]
            if await self._plan(ticket):
                return self._start(ticket)
        return []

    async def _plan(self, ticket: Ticket) -> bool:
        """Whether the ticket has a plan, within the memory that is left."""
        left = self._memory_left()
        if ticket.least_memory > left or self._turns.first_owed(time.monotonic()) not in (None, ticket):
            return False
        try:
            await _ended(self._in_thread(lambda: _make_plan(ticket.run, left, max(self.memory // _STEPS, 1))))
        except TooLarge as error:
            ticket.least_memory = error.memory_bytes
            if error.memory_bytes > self.memory:
                self._end(ticket, error)
            return False
        except Exception as error:
            self._end(ticket, error)
            return False
        return not ticket.is_left

    def _start(self, ticket: Ticket) -> list[Ticket]:
        together = [ticket, *self._companions(ticket)]
        for one in together:
            one.run.follow(ticket.run.plan)
            one.start(len(together))
        self._turns.count_overtaking(ticket)
        self._tell_positions()
        return together

    def _companions(self, ticket: Ticket) -> list[Ticket]:
        run = ticket.run
        if run.plan.pieces > 1 or run.plan.in_pieces or run.pixels > _LARGEST_TOGETHER or not run.canvas.takes_batches:
            return []
        by_memory = self._memory_left() // max(run.plan.memory_bytes, 1)
        by_time = ticket.pace.pixels_in(_SECONDS_TOGETHER, unknown=_PIXELS_TOGETHER) // run.pixels
        most = min(MOST_TOGETHER, by_memory, by_time)
        alike = [
            other for other in self._turns.waiting(time.monotonic()) if other is not ticket and run.is_like(other.run)
        ]
        return alike[: max(most - 1, 0)]

    async def _compute(self, together: list[Ticket]) -> None:
        """One piece of one, or several pictures whole. Whatever comes of it goes to the tickets."""
        began = time.monotonic()
        for ticket in together:
            ticket.forecast.piece_begins(began)
        self._computed, self._computing = together, self._in_thread(lambda: _step(together))
        outcomes = await _ended(self._computing)
        self._computed, self._computing = [], None
        now = time.monotonic()
        for ticket, outcome in zip(together, outcomes, strict=True):
            self._turns.count(ticket, (now - began) / len(together), now)
            if isinstance(outcome, Exception):
                self._end(ticket, outcome)
            elif ticket.has_computed(now, outcome):
                self._end(ticket)
            if ticket.is_left:
                ticket.run.close()

    def _end(self, ticket: Ticket, error: Exception | None = None) -> None:
        self._turns.discard(ticket)
        ticket.end(error)
        self._tell_positions()

    def _tell_positions(self) -> None:
        self._turns.tell_positions(time.monotonic())

    def _memory_left(self) -> int:
        return self.memory - sum(ticket.memory_bytes for ticket in {*self._inside, *self._computed})

    def _in_thread(self, work: Callable[[], Result]) -> asyncio.Future[Result]:
        return asyncio.get_running_loop().run_in_executor(self._thread, work)


def _make_plan(run: Run, left: int, step: int) -> None:
    share = int(left * _SHARE_OF_ONE)
    try:
        run.make_plan(share // step * step if share >= step else share)
    except TooLarge as error:
        if error.memory_bytes > left:
            raise
        run.make_plan(error.memory_bytes)


def _step(together: list[Ticket]) -> list[float | Exception]:
    """For each the share of its work that is done by now, or why it failed. In the inference thread."""
    first = together[0]
    try:
        if len(together) == 1:
            return [first.run.step(first.options)]
        runs = [ticket.run for ticket in together]
        sources, takes = [run.source for run in runs], [run.take for run in runs]
        first.run.canvas.translate_batch(sources, takes, first.run.plan, first.options)
        return [1.0] * len(together)
    except Exception as error:
        if len(together) == 1:
            return [error]
        _log.warning("%d pictures failed together and are computed one by one: %s", len(together), error)
        return [0.0] * len(together)


def _seconds_for(other: Ticket, ticket: Ticket, own: float, now: float) -> float:
    """What has less to do goes first; what has more shares the device with what takes long, if another client asked."""
    left = other.forecast.own_seconds_left(now) or 0.0
    if other.pixels_left < ticket.pixels_left:
        return left
    return min(left, max(own - SLACK_SECONDS / 2, 0.0)) if other.client != ticket.client else 0.0


async def _ended(future: asyncio.Future[Result]) -> Result:
    """Waits for its end, however often the caller is cancelled: the thread is free only then."""
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError:
            continue
    return future.result()
