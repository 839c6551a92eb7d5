"""Progress that is required of callers: who neither sends nor reads what he is waited for loses his place.

A message counts when it is whole. Of one that is on its way only the system knows: its bytes are those of its
connection that no other call accounts for, so that one call's messages are not taken for another's progress.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import cast

from google.protobuf.message import Message

from server.errors import Reason, Refusal
from server.services.endpoint import Send
from server.transports.calls import Unheard
from server.transports.tcp_connections import ConnectionBytes, ConnectionCounters, end_connection

# Fewer bytes than these in the whole time are no progress: pings and their answers come to as much.
LEAST_BYTES = 256

# What calls and their messages take of a connection beside what is in them: more rather than less.
_CALL_BYTES = 512
_MESSAGE_BYTES = 64

# Of one connection; then it ends, although other calls have it too.
MOST_UNHEARD = 8

# So often is looked at what a connection moves, in shares of the time.
_LOOKS = 3


@dataclass
class _Traffic:
    """What the calls of one connection account for, in bytes."""

    calls: int = 0
    received: int = 0
    sent: int = 0
    unheard: int = 0

    def of_this(self, moved: ConnectionBytes) -> ConnectionBytes:
        """What is left of ``moved`` for a message that is on its way."""
        return ConnectionBytes(moved.acknowledged - self.sent, moved.received - self.received)


class Stalls:
    """Ends calls without progress for ``seconds``, while they are waited for. For one event loop."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._traffic: dict[str, _Traffic] = {}
        self._counters = ConnectionCounters()

    @contextmanager
    def watching(self, peer: str) -> Iterator[Caller]:
        """A call from ``peer``, as gRPC names it, during the block. Where its end cannot be told, its connection ends
        too, if no other call has it or that was so with many."""
        traffic = self._traffic.setdefault(peer, _Traffic())
        traffic.calls += 1
        traffic.received += _CALL_BYTES
        traffic.sent += _CALL_BYTES
        try:
            yield Caller(traffic, self._seconds, lambda: self._counters.of(peer))
        except Unheard:
            traffic.unheard += 1
            if traffic.calls == 1 or traffic.unheard >= MOST_UNHEARD:
                end_connection(peer)
            raise
        finally:
            traffic.calls -= 1
            if not traffic.calls:
                del self._traffic[peer]


class Caller:
    """One call's other side."""

    def __init__(self, traffic: _Traffic, seconds: float, counted: Callable[[], ConnectionBytes | None]) -> None:
        self._traffic = traffic
        self._seconds = seconds
        self._counted = counted

    async def requests(self, requests: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        """The same messages, as their bytes. Raises Refusal when none comes."""
        # Closed here: gRPC's own reader, which forms a circle with itself, holds the last message until it ends.
        async with aclosing(cast("AsyncGenerator[bytes, None]", aiter(requests))) as messages:
            while True:
                async with self._waited_for(_NOTHING_CAME, lambda moved: moved.received):
                    message = await anext(messages, None)
                if message is None:
                    return
                self._traffic.received += len(message) + _MESSAGE_BYTES
                yield message

    def sending(self, send: Send) -> Send:
        """Sends as ``send`` does. Raises Refusal when the message is not taken."""

        async def send_soon(message: Message) -> None:
            async with self._waited_for(_NOTHING_TAKEN, lambda moved: moved.acknowledged):
                await send(message)
            self._traffic.sent += message.ByteSize() + _MESSAGE_BYTES

        return send_soon

    @asynccontextmanager
    async def _waited_for(self, problem: str, bytes_of: Callable[[ConnectionBytes], int]) -> AsyncIterator[None]:
        async with _refused(problem, self._seconds) as limit:
            looks = _Looks(limit, self._seconds, lambda: self._moved(bytes_of))
            try:
                yield
            finally:
                looks.end()

    def _moved(self, bytes_of: Callable[[ConnectionBytes], int]) -> int | None:
        moved = self._counted()
        return None if moved is None else bytes_of(self._traffic.of_this(moved))


class _Looks:
    """Puts a limit off for as long as ``moved`` grows."""

    def __init__(self, limit: asyncio.Timeout, seconds: float, moved: Callable[[], int | None]) -> None:
        self._limit = limit
        self._seconds = seconds
        self._moved = moved
        self._known: int | None = None
        self._loop = asyncio.get_running_loop()
        self._next = self._later()

    def end(self) -> None:
        self._next.cancel()

    def _later(self) -> asyncio.TimerHandle:
        return self._loop.call_later(self._seconds / _LOOKS, self._look)

    def _look(self) -> None:
        moved = self._moved()
        if moved is None or self._limit.expired():
            return
        if self._known is None:
            self._known = moved
        elif moved >= self._known + LEAST_BYTES:
            self._known = moved
            self._limit.reschedule(self._loop.time() + self._seconds)
        self._next = self._later()


_NOTHING_CAME = "Nothing came of this call for {seconds:g} seconds; send its messages without such pauses"
_NOTHING_TAKEN = "Nothing was read of this call's answer for {seconds:g} seconds; read it as it comes"


@asynccontextmanager
async def _refused(problem: str, seconds: float) -> AsyncIterator[asyncio.Timeout]:
    try:
        async with asyncio.timeout(seconds) as limit:
            yield limit
    except TimeoutError as error:
        if not limit.expired():
            raise
        sentence = f"{problem.format(seconds=seconds)}. Its place was given to others; try again."
        raise Refusal(Reason.STALLED, sentence) from error
