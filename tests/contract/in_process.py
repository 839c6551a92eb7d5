"""An application's services without a socket: messages travel as bytes, over a channel that generated stubs take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import grpc
from google.protobuf.message import Message
from google.rpc import code_pb2, status_pb2
from grpc_status import rpc_status

from server.errors import Refusal
from server.services.endpoint import CallContext, Endpoint, endpoints_of
from server.wire.status import status_of
from tests import factories
from tests.contract.connection import Connection

CLIENT = "this process"
_ROOM = 4  # messages that may lie unread before the server waits


@contextmanager
def connect(filters: Path, **options: Any) -> Iterator[Connection]:
    """Starts an application on a folder, with options of ServerConfig, and connects to it."""
    with factories.running_application(filters, **options) as running:
        endpoints = {
            f"/{service.descriptor.full_name}/{endpoint.name}": endpoint
            for service in running.application.services
            for endpoint in endpoints_of(service)
        }
        yield Connection(cast(grpc.Channel, Channel(endpoints, running.loop)), filters)


class CallFailed(grpc.RpcError):
    """What a failed call raises, with the parts of a grpc.Call that tell why."""

    def __init__(self, status: status_pb2.Status) -> None:
        super().__init__(status.message)
        self._status = rpc_status.to_status(status)

    def code(self) -> grpc.StatusCode:
        return self._status.code

    def details(self) -> str:
        return self._status.details or ""

    def trailing_metadata(self) -> Any:
        return self._status.trailing_metadata


class Call:
    """One call, from the caller's thread: an iterator of responses that raises CallFailed."""

    def __init__(self, endpoint: Endpoint, requests: Iterable[bytes], context: CallContext, method: Method) -> None:
        self._endpoint = endpoint
        self._requests = iter(requests)
        self._method = method
        self._reader = ThreadPoolExecutor(1)  # the caller's requests may keep us waiting
        self._responses: asyncio.Queue[bytes | status_pb2.Status] = asyncio.Queue()
        self._room = asyncio.Semaphore(_ROOM)
        self._task = asyncio.run_coroutine_threadsafe(self._begin(context), method.loop).result()

    def __iter__(self) -> Call:
        return self

    def __next__(self) -> Any:
        next_ = asyncio.run_coroutine_threadsafe(self._next(), self._method.loop).result()
        if isinstance(next_, bytes):
            return self._method.parse(next_)
        if next_.code == code_pb2.OK:
            raise StopIteration
        raise CallFailed(next_)

    def cancel(self) -> None:
        self._method.loop.call_soon_threadsafe(self._task.cancel)

    def result(self) -> Any:
        """The one response, of a call that has one."""
        response = next(self)
        assert next(self, None) is None
        return response

    async def _begin(self, context: CallContext) -> asyncio.Task[None]:
        task = asyncio.create_task(self._run(context))
        await asyncio.sleep(0)  # one that is cancelled before its first step would never say how it ended
        return task

    async def _next(self) -> bytes | status_pb2.Status:
        next_ = await self._responses.get()
        if isinstance(next_, bytes):
            self._room.release()
        else:
            self._responses.put_nowait(next_)  # however often somebody asks
        return next_

    async def _run(self, context: CallContext) -> None:
        status = status_pb2.Status(code=code_pb2.OK)
        try:
            await self._answer(context)
        except Refusal as refusal:
            status = status_of(refusal)
        except asyncio.CancelledError:
            while not self._responses.empty():
                self._responses.get_nowait()
            status = status_pb2.Status(code=code_pb2.CANCELLED, message="The caller has cancelled the call.")
        finally:
            self._responses.put_nowait(status)
            self._reader.shutdown(wait=False)

    async def _answer(self, context: CallContext) -> None:
        endpoint, requests = self._endpoint, self._parsed()
        if endpoint.streams_responses:
            await endpoint.stream(requests, context, self._send)
        else:
            await self._send(await endpoint.answer(requests, context))

    async def _parsed(self) -> AsyncIterator[Message]:
        loop, end = asyncio.get_running_loop(), b"end"
        while (request := await loop.run_in_executor(self._reader, self._next_request, end)) is not end:
            yield self._endpoint.request_type.FromString(request)

    def _next_request(self, end: bytes) -> bytes:
        try:
            return next(self._requests, end)
        except Exception as error:  # the caller's own program has failed, so nobody waits for an answer
            raise asyncio.CancelledError from error

    async def _send(self, response: Message) -> None:
        await self._room.acquire()
        self._responses.put_nowait(response.SerializeToString())


@dataclass(frozen=True)
class Method:
    """A method as a stub calls it."""

    endpoint: Endpoint
    serialise: Callable[[Any], bytes]
    parse: Callable[[bytes], Any]
    loop: asyncio.AbstractEventLoop

    def __call__(self, request: Any, timeout: float | None = None, metadata: Any = None) -> Any:
        call = self.future(request, timeout)
        return call if self.endpoint.streams_responses else call.result()

    def future(self, request: Any, timeout: float | None = None) -> Call:
        requests = request if self.endpoint.streams_requests else [request]
        return Call(self.endpoint, map(self.serialise, requests), CallContext(CLIENT, timeout), self)


@dataclass(frozen=True)
class Channel:
    """What a generated stub takes of a grpc.Channel."""

    endpoints: dict[str, Endpoint]
    loop: asyncio.AbstractEventLoop

    def unary_unary(self, path: str, request_serializer: Any, response_deserializer: Any, **_: Any) -> Method | None:
        """None for a method of grpc's own services, such as health."""
        endpoint = self.endpoints.get(path)
        return Method(endpoint, request_serializer, response_deserializer, self.loop) if endpoint else None

    unary_stream = stream_unary = stream_stream = unary_unary
