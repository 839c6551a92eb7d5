"""One device's worker: one computation at a time, in order of arrival, each of them cancellable."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import onnxruntime as ort

Result = TypeVar("Result")
Job = Callable[[ort.RunOptions], Result]


class Worker:
    """Belongs to one event loop. A device runs one session at a time: two would only share it and take twice its
    memory."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="device")
        self._busy = False
        self._waiting: deque[_Ticket] = deque()

    async def run(self, job: Job[Result], on_position: Callable[[int], None]) -> Result:
        """The job's result, once its turn has come. ``on_position`` is told how many are before it, 0 when it starts.

        Cancelled while waiting, the job never runs; cancelled while running, onnxruntime is told to stop, and the next
        job starts when it has.
        """
        await self._turn(on_position)
        try:
            on_position(0)
            return await self._compute(job)
        finally:
            self._next()

    def close(self) -> None:
        self._thread.shutdown()

    async def _turn(self, on_position: Callable[[int], None]) -> None:
        if not self._busy:
            self._busy = True
            return
        ticket = _Ticket(on_position)
        self._waiting.append(ticket)
        self._tell_positions()
        try:
            await ticket.turn
        except asyncio.CancelledError:
            if ticket in self._waiting:
                self._waiting.remove(ticket)
                self._tell_positions()
            elif not ticket.turn.cancelled():  # its turn came in the same moment
                self._next()
            raise

    async def _compute(self, job: Job[Result]) -> Result:
        options = ort.RunOptions()
        computation = asyncio.get_running_loop().run_in_executor(self._thread, job, options)
        try:
            return await asyncio.shield(computation)
        except asyncio.CancelledError:
            options.terminate = True
            await _settle(computation)
            raise

    def _next(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft().turn
            if not turn.cancelled():  # a cancelled one has not come round to leaving the queue
                turn.set_result(None)
                self._tell_positions()
                return
        self._busy = False

    def _tell_positions(self) -> None:
        for position, ticket in enumerate(self._waiting, start=1):
            ticket.on_position(position)


class _Ticket:
    def __init__(self, on_position: Callable[[int], None]) -> None:
        self.on_position = on_position
        self.turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()


async def _settle(computation: asyncio.Future[Result]) -> None:
    """Waits until the thread is done, however often the waiting task is cancelled meanwhile; drops the outcome."""
    while not computation.done():
        try:
            await asyncio.wait([computation])
        except asyncio.CancelledError:
            continue
    if not computation.cancelled():
        computation.exception()
