"""Adapts services to grpc.aio, and refuses calls without the token."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import grpc
from grpc_health.v1.health import SERVICE_NAME as HEALTH
from grpc_status import rpc_status

from server.errors import Refusal
from server.security.guard import Security
from server.services.endpoint import CallContext, Endpoint, Service, endpoints_of
from server.wire.status import status_of

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Context = grpc.aio.ServicerContext[Any, Any]

# By whether requests and responses are streamed.
_HANDLERS = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}


def handlers_of(service: Service) -> grpc.GenericRpcHandler:
    """The handlers of a service's methods, for ``grpc.aio.Server.add_generic_rpc_handlers``."""
    handlers = {endpoint.name: _handler(endpoint) for endpoint in endpoints_of(service)}
    return grpc.method_handlers_generic_handler(service.descriptor.full_name, handlers)


class TokenInterceptor(grpc.aio.ServerInterceptor):
    """Refuses calls without the token before their messages are read. Health is for everybody: it reveals nothing."""

    def __init__(self, security: Security) -> None:
        self._security = security

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        if not handler_call_details.method.startswith(f"/{HEALTH}/"):
            metadata = handler_call_details.invocation_metadata
            try:
                self._security.check([value for key, value in metadata if key == "authorization"])
            except Refusal as refusal:
                return _refusing(refusal)
        return await continuation(handler_call_details)


def _handler(endpoint: Endpoint) -> Handler:
    async def answer(request: Any, context: Context) -> Any:
        async with _refusals_as_status(context):
            return await endpoint.answer(request, _call_of(context))

    # A coroutine that writes, not a generator: grpc.aio cancels it where it waits, so nothing is left suspended.
    async def stream(request: Any, context: Context) -> None:
        async with _refusals_as_status(context):
            await endpoint.stream(request, _call_of(context), context.write)

    return _HANDLERS[endpoint.streams_requests, endpoint.streams_responses](
        stream if endpoint.streams_responses else answer,
        request_deserializer=endpoint.request_type.FromString,
        response_serializer=endpoint.response_type.SerializeToString,
    )


def _refusing(refusal: Refusal) -> Handler:
    async def refuse(requests: Any, context: Context) -> None:
        await _abort(context, refusal)

    # On the wire a call of any kind is a stream of messages each way, so one handler refuses them all.
    return grpc.stream_stream_rpc_method_handler(refuse)


def _call_of(context: Context) -> CallContext:
    return CallContext(_host(context.peer()), context.time_remaining())


def _host(peer: str) -> str:
    """The caller's host without the port, so that several connections of one machine are one client."""
    kind, _, _ = peer.partition(":")
    return peer.rpartition(":")[0] if kind in ("ipv4", "ipv6") else peer


@asynccontextmanager
async def _refusals_as_status(context: Context) -> AsyncIterator[None]:
    try:
        yield
    except Refusal as refusal:
        await _abort(context, refusal)


async def _abort(context: Context, refusal: Refusal) -> None:
    status = rpc_status.to_status(status_of(refusal))
    await context.abort(status.code, status.details or "", tuple(status.trailing_metadata or ()))
