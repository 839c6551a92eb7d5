"""Adapts services to grpc.aio, and refuses calls without the token."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, TypeAlias

import grpc
from grpc_health.v1.health import SERVICE_NAME as HEALTH

from server.errors import Refusal
from server.security.guard import Security
from server.services.endpoint import CallContext, Endpoint, Send, Service, endpoints_of
from server.transports.calls import Context, answering, sending
from server.transports.clients import Clients
from server.transports.messages import read_messages
from server.transports.progress import Stalls

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


def handlers_of(service: Service, stalls: Stalls, clients: Clients) -> grpc.GenericRpcHandler:
    """The handlers of a service's methods, for ``grpc.aio.Server.add_generic_rpc_handlers``."""
    name = service.descriptor.full_name
    endpoints = endpoints_of(service)
    handlers = {one.name: _handler(one, stalls, clients, f"{name}/{one.name}") for one in endpoints}
    return grpc.method_handlers_generic_handler(name, handlers)


class TokenInterceptor(grpc.aio.ServerInterceptor):
    """Refuses calls without the token before their messages are read. Health is for everybody: it reveals nothing."""

    def __init__(self, security: Security, clients: Clients) -> None:
        self._security = security
        self._clients = clients

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        method = handler_call_details.method.removeprefix("/")
        if not method.startswith(f"{HEALTH}/"):
            metadata = handler_call_details.invocation_metadata
            try:
                self._security.check([value for key, value in metadata if key == "authorization"])
            except Refusal as refusal:
                return _refusing(refusal, method, self._clients)
        return await continuation(handler_call_details)


def _handler(endpoint: Endpoint, stalls: Stalls, clients: Clients, method: str) -> Handler:
    # A coroutine that writes, not a generator: grpc.aio cancels it where it waits, so nothing is left suspended.
    async def answer(raw: AsyncIterator[bytes], context: Context) -> None:
        with stalls.watching(context.peer()) as caller:
            async with answering(context, method, clients) as call:
                send = caller.sending(sending(context))
                async with aclosing(caller.requests(raw)) as received:
                    await _answer(endpoint, received, call, send)

    # On the wire a call of any kind is a stream of messages each way, and as such one place reads them all.
    return grpc.stream_stream_rpc_method_handler(
        answer, request_deserializer=None, response_serializer=endpoint.response_type.SerializeToString
    )


async def _answer(endpoint: Endpoint, received: AsyncIterator[bytes], call: CallContext, send: Send) -> None:
    # Closed here, or a refusal's trace would hold it, and it the last message.
    async with aclosing(read_messages(endpoint.request_type, received)) as requests:
        if endpoint.streams_responses:
            await endpoint.stream(requests, call, send)
        else:
            await send(await endpoint.answer(requests, call))


def _refusing(refusal: Refusal, method: str, clients: Clients) -> Handler:
    async def refuse(requests: Any, context: Context) -> None:
        async with answering(context, method, clients):
            raise refusal.with_traceback(None)

    return grpc.stream_stream_rpc_method_handler(refuse)
