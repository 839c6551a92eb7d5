"""From a message's bytes to the message: what cannot be read is refused here, for every method of every service."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncGenerator, AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from google.protobuf.message import DecodeError, Message

from server.errors import Reason, Refusal
from server.transports.wire_format import MOST_PARTS, BrokenMessage, count_parts

# Larger ones are read beside the event loop: copying so much takes a millisecond.
_LARGE = 4 << 20

_MOST_AT_ONCE = 2


async def read_message(kind: type[Message], raw: bytes) -> Any:
    """The message of this kind. Raises Refusal for bytes that are none, and for one of so many parts that reading them
    would take long and much memory."""
    _check_parts(kind.DESCRIPTOR, raw)
    if len(raw) < _LARGE:
        return _parsed(kind, raw)
    return await asyncio.get_running_loop().run_in_executor(_threads(), _parsed, kind, raw)


async def read_messages(kind: type[Message], raw: AsyncIterator[bytes]) -> AsyncGenerator[Any, None]:
    """The messages of a call that streams them. Raises Refusal."""
    async for data in raw:
        yield await read_message(kind, data)


def _check_parts(descriptor: Any, raw: bytes) -> None:
    try:
        parts = count_parts(descriptor, raw)
    except BrokenMessage:
        raise _unreadable(descriptor) from None
    if parts > MOST_PARTS:
        raise Refusal(
            Reason.BAD_MESSAGE,
            f"The message has more than {MOST_PARTS} parts, which no {descriptor.name} needs; send values in"
            " one piece.",
        )


def _parsed(kind: type[Message], raw: bytes) -> Message:
    try:
        return kind.FromString(raw)
    except (DecodeError, ValueError):
        raise _unreadable(kind.DESCRIPTOR) from None


def _unreadable(descriptor: Any) -> Refusal:
    return Refusal(
        Reason.BAD_MESSAGE,
        f"The message cannot be read; expected a {descriptor.name} in protobuf's binary format.",
    )


@functools.cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="messages")
