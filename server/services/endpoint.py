"""A service's methods as any transport calls them: admitted, within a deadline, and failing only with a Refusal."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from server.admission import Admission
from server.errors import Reason, Refusal, empty_frames, unforeseen

Send = Callable[[Message], Awaitable[None]]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CallContext:
    """What a transport tells about a call: ``client`` identifies whose calls share one allowance (a host, for example),
    ``seconds_left`` is how long the caller will wait (None: for ever), and ``request_id`` is what the log calls it."""

    client: str
    seconds_left: float | None = None
    request_id: str = ""


@dataclass(frozen=True)
class Entrance:
    """The admission for a method's calls. ``request_seconds`` reads the deadline that a request carries itself, in
    seconds, and may raise Refusal."""

    admission: Admission
    request_seconds: Callable[[Any], float | None] | None = None

    @asynccontextmanager
    async def admit(self, call: CallContext) -> AsyncIterator[CallContext]:
        """Admits the call to the block, which is cancelled at the earliest of all deadlines; yields the call with that.
        Raises Refusal."""
        async with self.admission.admit(call.seconds_left, call.client) as seconds:
            yield replace(call, seconds_left=seconds)

    @asynccontextmanager
    async def limit(self, request: Any, call: CallContext) -> AsyncIterator[CallContext]:
        """The same for the request's own deadline, of a call that was admitted."""
        own = self.request_seconds(request) if self.request_seconds else None
        async with self.admission.within(own):
            limits = [limit for limit in (call.seconds_left, own) if limit is not None]
            yield replace(call, seconds_left=min(limits, default=None))


class Service(Protocol):
    """Has a method for each method of ``descriptor``, by the same name. Each takes a request, or an iterator of
    streamed requests, and a CallContext; it is a coroutine, or an asynchronous generator of streamed responses."""

    @property
    def descriptor(self) -> ServiceDescriptor: ...

    @property
    def entrances(self) -> Mapping[str, Entrance]:
        """The entrances by method name; calls of other methods are always admitted."""


class Endpoint:
    """One method of a service, as a transport calls it, with an iterator of the call's messages."""

    def __init__(self, service: Service, method: MethodDescriptor) -> None:
        self.name = method.name
        self.streams_requests = method.client_streaming
        self.streams_responses = method.server_streaming
        self.request_type = GetMessageClass(method.input_type)
        self.response_type = GetMessageClass(method.output_type)
        self._function = getattr(service, method.name)
        self._entrance = service.entrances.get(method.name)

    async def answer(self, requests: AsyncIterator[Any], call: CallContext) -> Message:
        """Returns the one response. Raises only Refusal."""
        async with self._entered(requests, call) as (request, admitted):
            response: Message = await self._function(request, admitted)
            return response

    async def stream(self, requests: AsyncIterator[Any], call: CallContext, send: Send) -> None:
        """Sends every response, each after the previous one has been sent. Raises only Refusal."""
        # Sending is within the deadline too, so it happens in here and not in the transport's own loop.
        async with (
            self._entered(requests, call) as (request, admitted),
            aclosing(self._function(request, admitted)) as responses,
        ):
            async for response in responses:
                await send(response)

    @asynccontextmanager
    async def _entered(self, requests: AsyncIterator[Any], call: CallContext) -> AsyncIterator[tuple[Any, CallContext]]:
        """Yields what the service's method takes: of a call that is admitted only then is a message read, as it may be
        large."""
        try:
            if self._entrance is None:
                yield await self._taken(requests), call
            else:
                async with self._entrance.admit(call) as admitted:
                    request = await self._taken(requests)
                    async with self._entrance.limit(request, admitted) as limited:
                        yield request, limited
        except Refusal as refusal:
            empty_frames(refusal)
            raise
        except asyncio.CancelledError as error:
            empty_frames(error)
            raise
        except Exception as error:
            _log.exception("A call failed.")
            empty_frames(error)
            raise unforeseen(call.request_id) from error

    async def _taken(self, requests: AsyncIterator[Any]) -> Any:
        """All the requests as they come, or the only one of a method that has one."""
        if self.streams_requests:
            return requests
        async for request in requests:
            return request
        name = self.request_type.DESCRIPTOR.name
        raise Refusal(Reason.BAD_MESSAGE, f"The call ended without a message; send one {name}.")


def endpoints_of(service: Service) -> list[Endpoint]:
    """The endpoints of all methods, in the order of the protocol's file."""
    return [Endpoint(service, method) for method in service.descriptor.methods]
