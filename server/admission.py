"""Which requests come in, and for how long: a bounded number at once, each with a deadline, and not all of one
client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from server.errors import Reason, Refusal
from server.shares import share_of_one

RETRY_SECONDS = 1.0


class Admission:
    """Admits requests of one event loop. ``deadline_seconds`` is the longest time for one request; None means no limit.
    No client holds more than three quarters of the places."""

    def __init__(self, *, places: int, deadline_seconds: float | None) -> None:
        self.places = places
        self._places_of_one = share_of_one(places)
        self._deadline_seconds = deadline_seconds
        self._inside: dict[asyncio.Timeout, str] = {}  # and whose it is
        self._empty = asyncio.Event()
        self._empty.set()
        self._closed = False

    @asynccontextmanager
    async def admit(self, client_seconds: float | None, client: str = "") -> AsyncIterator[float | None]:
        """Holds a place during the block, which is cancelled at the client's or the server's deadline, whichever is
        earlier; yields in how many seconds that is. Requests with an empty ``client`` may fill all places. Raises
        Refusal."""
        self._refuse_if_needed(client)
        limits = [limit for limit in (client_seconds, self._deadline_seconds) if limit is not None]
        seconds = min(limits, default=None)
        async with self.within(seconds) as timeout:
            self._enter(timeout, client)
            try:
                yield seconds
            finally:
                self._leave(timeout)

    @asynccontextmanager
    async def within(self, seconds: float | None) -> AsyncIterator[asyncio.Timeout]:
        """Cancels the block, of a request that was admitted, after so many seconds (None: never). Raises Refusal."""
        timeout = asyncio.timeout(seconds)
        try:
            async with timeout:
                yield timeout
        except TimeoutError as error:
            if not timeout.expired():
                raise
            raise self._too_late() from error

    @property
    def taken(self) -> int:
        """How many of the ``places`` are held."""
        return len(self._inside)

    @property
    def is_open(self) -> bool:
        """Whether requests are admitted when there is a place."""
        return not self._closed

    def close(self) -> None:
        """Admits no more requests; those that were admitted may finish."""
        self._closed = True

    def evict(self) -> None:
        """Ends the requests that were admitted, each with a Refusal. Call ``close`` first."""
        for timeout in self._inside:
            if not timeout.expired():  # else it is being ended already
                timeout.reschedule(asyncio.get_running_loop().time())

    async def empty(self) -> None:
        """Returns when no admitted request is left."""
        await self._empty.wait()

    def _refuse_if_needed(self, client: str) -> None:
        if self._closed:
            raise _shutting_down()
        if len(self._inside) >= self.places:
            raise Refusal(
                Reason.QUEUE_FULL,
                f"The server is busy with {self.places} requests, the most it accepts; try again in a moment.",
                retry_seconds=RETRY_SECONDS,
            )
        if client and list(self._inside.values()).count(client) >= self._places_of_one:
            raise Refusal(
                Reason.QUEUE_FULL,
                f"You already have {self._places_of_one} requests waiting or running, the most one client may have; try"
                " again when one of them is done.",
                retry_seconds=RETRY_SECONDS,
            )

    def _enter(self, timeout: asyncio.Timeout, client: str) -> None:
        self._inside[timeout] = client
        self._empty.clear()

    def _leave(self, timeout: asyncio.Timeout) -> None:
        del self._inside[timeout]
        if not self._inside:
            self._empty.set()

    def _too_late(self) -> Refusal:
        if self._closed:
            return _shutting_down()
        return Refusal(
            Reason.DEADLINE_EXCEEDED,
            "The request did not finish before its deadline; allow it more time or send a smaller picture.",
        )


def _shutting_down() -> Refusal:
    return Refusal(
        Reason.SHUTTING_DOWN, "The server is shutting down; try again when it is back, or use another server."
    )
