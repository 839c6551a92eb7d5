"""A result's rows on their way from the inference thread to their reader."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from server.engine.source import Band

Array = NDArray[Any]
Convert = Callable[[int, Band], Array]
"""Makes of a result's rows (the first one's number, and 1 x 3 x h x W) what is wanted."""

# Rows that are not taken: from here on the request gets no turn until some are.
MOST_UNREAD_BYTES = 16 << 20


class Outbox:
    """Rows are made into what is read by ``convert``, in other threads; ``on_room`` is called when some were taken.
    Belongs to the running event loop."""

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

    def put(self, band: Band) -> None:
        """From any thread."""
        self._loop.call_soon_threadsafe(self._put, band)

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
        """The next rows; None when there are none within this time, or at the end."""
        if not self._rows and not self.is_closed:
            self._changed.clear()
            await wait_for(self._changed, seconds)
        if not self._rows:
            return None
        size, converted = self._rows.popleft()
        rows = await converted
        self.unread_bytes -= size
        self._on_room()
        return rows

    def _put(self, band: Band) -> None:
        converted = self._loop.run_in_executor(None, self._convert, self._top, band)
        self._top += band.shape[2]
        self._rows.append((band.nbytes, converted))
        self.unread_bytes += band.nbytes
        self.peak_bytes = max(self.peak_bytes, self.unread_bytes)
        self._changed.set()


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Until the event is set, or for this time. Not by asyncio.wait_for: Python 3.11's swallows a cancellation that
    comes as it ends."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
