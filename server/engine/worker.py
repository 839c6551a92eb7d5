"""One device, one request at a time, in order of arrival."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self, TypeVar

from server.engine.device import Device

SIGN_OF_LIFE_SECONDS = 5.0

Result = TypeVar("Result")


class Worker:
    """Owns a device's one inference thread. Belongs to one event loop."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="inference")
        self._places: list[Place] = []

    def place(self) -> Place:
        """A place in the queue, taken when it is entered (``async with``) and given up when it is left."""
        return Place(self)

    def close(self) -> None:
        self._thread.shutdown()

    def join(self, place: Place) -> None:
        self._places.append(place)
        self._tell_all()

    def leave(self, place: Place) -> None:
        self._places.remove(place)
        self._tell_all()

    @contextlib.asynccontextmanager
    async def running(self, work: Callable[[Any], Result]) -> AsyncIterator[asyncio.Future[Result]]:
        """Runs ``work`` with fresh onnxruntime.RunOptions in the thread, beside the block. When the block is left
        before it is done the run is terminated, and the block ends only when the thread has."""
        options = self._device.run_options()
        future = asyncio.get_running_loop().run_in_executor(self._thread, work, options)
        outcome = asyncio.shield(future)  # who waits for it and is cancelled must not cancel the work's own future
        try:
            yield outcome
        finally:
            if not future.done():
                outcome.cancel()
                options.terminate = True
                await _ended(future)

    def _tell_all(self) -> None:
        for position, place in enumerate(self._places):
            place.move_to(position)


class Place:
    """One request's place in a worker's queue."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._position = -1
        self._moved = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._worker.join(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._worker.leave(self)

    async def positions(self) -> AsyncIterator[int]:
        """How many are before this one, whenever that changes and every few seconds, so that whoever waits knows that
        somebody is there; ends when it is this one's turn."""
        while self._position > 0:
            self._moved.clear()
            yield self._position
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), SIGN_OF_LIFE_SECONDS)

    def running(self, work: Callable[[Any], Result]) -> contextlib.AbstractAsyncContextManager[asyncio.Future[Result]]:
        """Runs ``work(run_options)`` in the worker's thread beside the block; only when it is this one's turn."""
        assert self._position == 0
        return self._worker.running(work)

    def move_to(self, position: int) -> None:
        if position != self._position:
            self._position = position
            self._moved.set()


async def _ended(future: asyncio.Future[Any]) -> None:
    """Waits for the end, whatever it is, and however often the caller is cancelled."""
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError:
            continue
    future.exception()
