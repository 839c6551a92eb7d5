"""One request with a worker: its place in the queue, its turns, and the rows that come of them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from numpy.typing import NDArray

from server.engine.any_size import Canvas, Source
from server.engine.execution import Run
from server.engine.forecast import Forecast
from server.engine.pace import Pace
from server.engine.pixels import Tensor

if TYPE_CHECKING:
    from server.engine.worker import Worker

Array = NDArray[Any]
Convert = Callable[[int, Tensor], Array]
"""Makes of a result's rows (1 x 3 x h x W, the first one's number before them) what is wanted."""

SIGN_OF_LIFE_SECONDS = 5.0

# Rows that nobody has taken: from here on the request gets no turn until some are.
MOST_UNREAD_BYTES = 16 << 20


class Outbox:
    """Rows on their way from the inference thread to whoever reads them, made into what is read by ``convert`` in other
    threads. Belongs to the running event loop."""

    def __init__(self, convert: Convert, on_room: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._convert = convert
        self._on_room = on_room
        self._top = 0
        self._rows: deque[tuple[int, asyncio.Future[Array]]] = deque()  # and how many bytes they were
        self._changed = asyncio.Event()
        self.is_closed = False
        self.unread_bytes = 0
        self.peak_bytes = 0

    def put(self, rows: Tensor) -> None:
        """From any thread."""
        self._loop.call_soon_threadsafe(self._put, rows)

    def close(self) -> None:
        """Nothing more will come."""
        self.is_closed = True
        self._changed.set()

    @property
    def is_full(self) -> bool:
        return self.unread_bytes >= MOST_UNREAD_BYTES

    @property
    def is_at_end(self) -> bool:
        return self.is_closed and not self._rows

    async def take(self, seconds: float) -> Array | None:
        """The next rows; None when there are none after so many seconds, or at the end."""
        if not self._rows and not self.is_closed:
            self._changed.clear()
            await _wait(self._changed, seconds)
        if not self._rows:
            return None
        size, converted = self._rows.popleft()
        rows = await converted
        self.unread_bytes -= size
        self._on_room()
        return rows

    def _put(self, rows: Tensor) -> None:
        converted = self._loop.run_in_executor(None, self._convert, self._top, rows)
        self._top += rows.shape[2]
        self._rows.append((rows.nbytes, converted))
        self.unread_bytes += rows.nbytes
        self.peak_bytes = max(self.peak_bytes, self.unread_bytes)
        self._changed.set()


class Ticket:
    """A place with a worker, taken when it is entered (``async with``) and given up when it is left, which ends the
    computation at once."""

    def __init__(
        self,
        worker: Worker,
        client: str,
        canvas: Canvas,
        source: Source,
        convert: Convert,
        pace: Pace,
        options: Any,
        is_preview: bool,
    ) -> None:
        self.client = client
        self.is_preview = is_preview
        self.options = options  # onnxruntime.RunOptions
        self.rows = Outbox(convert, worker.wake)
        self.run = Run(canvas, source, self.rows.put)
        self.pace = pace
        self.forecast = Forecast(pace, self.run.pixels)
        self.batch_size = 1
        self.least_memory = 0  # that would do, once it did not fit
        self.overtaken = 0  # by how many that came later and started, since its last turn
        self.queue_seconds = 0.0
        self.is_started = False
        self.is_left = False
        self._worker = worker
        self._unread_bytes = 0  # at the end
        self._error: Exception | None = None
        self._position = -1
        self._moved = asyncio.Event()
        self.arrived = time.monotonic()

    async def __aenter__(self) -> Self:
        self._worker.join(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.is_left = True
        await self._worker.leave(self)

    async def positions(self) -> AsyncIterator[int]:
        """How many are before this one, whenever that changes and every few seconds, so that whoever waits knows that
        somebody is there; ends when it has started, or failed."""
        while not self.is_started and not self.rows.is_at_end:
            self._moved.clear()
            if self._position > 0:
                yield self._position
            await _wait(self._moved, SIGN_OF_LIFE_SECONDS)

    def raise_error(self) -> None:
        """Raises why there are no more rows, when that is not because it is done."""
        if self._error is not None:
            raise self._error

    def fraction(self) -> float | None:
        """Of its work that is done; None until somebody knows."""
        return self.forecast.fraction(time.monotonic())

    def seconds_left(self) -> float | None:
        """With the turns that others take meanwhile; None until somebody knows."""
        now = time.monotonic()
        own = self.forecast.own_seconds_left(now)
        return None if own is None else own + self._worker.seconds_for_others(self, own, now)

    # The worker's side.

    @property
    def pixels_left(self) -> float:
        return self.run.pixels * (1 - self.forecast.done)

    @property
    def memory_bytes(self) -> int:
        """That it takes from the worker's: by its plan, and after its end what is not read, until all is."""
        if self.rows.is_closed:
            return self._unread_bytes if self.rows.unread_bytes else 0
        return self.run.plan.memory_bytes if self.is_started else 0

    def move_to(self, position: int) -> None:
        if position != self._position:
            self._position = position
            self._moved.set()

    def start(self, batch_size: int) -> None:
        """It has its plan, and its first turn comes."""
        self.is_started = True
        self.batch_size = batch_size
        self.queue_seconds = time.monotonic() - self.arrived
        self.forecast.begin(self.run.plan)
        self._moved.set()

    def has_computed(self, now: float, done: float) -> bool:
        """A piece, so that this share of its work is done. Whether that is all of it."""
        self.forecast.piece_ends(now, done)
        if done >= 1:
            self.forecast.learn(self.run.plan, self.batch_size)
            return True
        if not done:  # it starts anew, with a smaller plan or without those with which it failed
            self.batch_size = 1
            self.forecast.begin(self.run.plan)
        return False

    def end(self, error: Exception | None = None) -> None:
        self._error = error
        self._unread_bytes = self.rows.unread_bytes
        self.rows.close()
        self._moved.set()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """For so long at most. Not by asyncio.wait_for: Python 3.11's swallows a cancellation that comes as it ends."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
