"""One call of grpc.aio: who calls, under which identifier, and how it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import grpc
from google.protobuf.message import Message
from grpc_status import rpc_status

from server.errors import Refusal, empty_frames, unforeseen
from server.logs.calls import LoggedCall, logged_call, request_id
from server.metrics.calls import tell_observer
from server.services.endpoint import CallContext, Send
from server.transports.clients import Clients
from server.wire.status import status_of

LAST_WORD_SECONDS = 10.0  # for a refusal to be read
REQUEST_ID = "x-request-id"  # in a call's metadata and in its trailers

_log = logging.getLogger(__name__)

Context = grpc.aio.ServicerContext[Any, Any]


class Unheard(asyncio.CancelledError):
    """A refusal that its caller does not read. gRPC keeps it, and what lies before it, as long as the connection."""


@asynccontextmanager
async def answering(context: Context, method: str, clients: Clients) -> AsyncIterator[CallContext]:
    """Answers a call of ``method`` (PACKAGE.SERVICE/METHOD) in the block: logs how it ends, gives a Refusal to the
    caller as a status, and tells the call's identifier in the trailers."""
    metadata = tuple(context.invocation_metadata() or ())
    offered = [value for key, value in metadata if key == REQUEST_ID]
    client = clients.client_of(context.peer(), metadata)
    call = CallContext(client, context.time_remaining(), request_id(offered))
    context.set_trailing_metadata(((REQUEST_ID, call.request_id),))
    logged = LoggedCall(call.request_id, method, call.client)
    try:
        with logged_call(logged, tell_observer), _foreseen(call.request_id):
            yield call
    except Refusal as refusal:
        empty_frames(refusal)  # gRPC keeps what abort raises, which has this one for its context
        await _abort(context, refusal, call.request_id)


def sending(context: Context) -> Send:
    """Sends a message to the caller. Raises CancelledError when the caller has gone, however it went."""

    async def send(message: Message) -> None:
        try:
            await context.write(message)
        except grpc.aio.InternalError as error:  # a connection that broke, before gRPC cancels its calls
            raise asyncio.CancelledError from error

    return send


@contextmanager
def _foreseen(request_id: str) -> Iterator[None]:
    """The last net: what gets out of here gRPC would tell the caller, with the names of our classes."""
    try:
        yield
    except Refusal:
        raise
    except Exception as error:
        _log.exception("A call failed outside its method.")
        raise unforeseen(request_id) from error


async def _abort(context: Context, refusal: Refusal, request_id: str) -> None:
    status = rpc_status.to_status(status_of(refusal))
    trailers = (*(status.trailing_metadata or ()), (REQUEST_ID, request_id))
    try:
        async with asyncio.timeout(LAST_WORD_SECONDS):
            await context.abort(status.code, status.details or "", trailers)
    except TimeoutError:  # it lies behind messages that nobody reads
        raise Unheard from None
    except grpc.aio.InternalError as error:  # the caller has gone meanwhile
        raise asyncio.CancelledError from error
