"""Adapts services to grpc.aio, and refuses calls without the token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import grpc
from grpc_health.v1.health import SERVICE_NAME as HEALTH

from server.errors import Refusal
from server.security.guard import Security
from server.services.endpoint import Endpoint, Service, endpoints_of
from server.transports.calls import Context, answering, sending
from server.transports.progress import Caller, Stalls

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"

# By whether requests and responses are streamed.
_HANDLERS = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}


def handlers_of(service: Service, stalls: Stalls) -> grpc.GenericRpcHandler:
    """The handlers of a service's methods, for ``grpc.aio.Server.add_generic_rpc_handlers``."""
    name = service.descriptor.full_name
    handlers = {
        endpoint.name: _handler(endpoint, stalls, f"{name}/{endpoint.name}") for endpoint in endpoints_of(service)
    }
    return grpc.method_handlers_generic_handler(name, handlers)


class TokenInterceptor(grpc.aio.ServerInterceptor):
    """Refuses calls without the token before their messages are read. Health is for everybody: it reveals nothing."""

    def __init__(self, security: Security) -> None:
        self._security = security

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
                return _refusing(refusal, method)
        return await continuation(handler_call_details)


def _handler(endpoint: Endpoint, stalls: Stalls, method: str) -> Handler:
    async def answer(request: Any, context: Context) -> Any:
        async with answering(context, method) as call:
            with stalls.watching(context.peer()) as caller:
                response = await endpoint.answer(_received(endpoint, request, caller), call)
                caller.has_sent(response)
                return response

    # A coroutine that writes, not a generator: grpc.aio cancels it where it waits, so nothing is left suspended.
    async def stream(request: Any, context: Context) -> None:
        async with answering(context, method) as call:
            with stalls.watching(context.peer()) as caller:
                await endpoint.stream(_received(endpoint, request, caller), call, caller.sending(sending(context)))

    return _HANDLERS[endpoint.streams_requests, endpoint.streams_responses](
        stream if endpoint.streams_responses else answer,
        request_deserializer=endpoint.request_type.FromString,
        response_serializer=endpoint.response_type.SerializeToString,
    )


def _received(endpoint: Endpoint, request: Any, caller: Caller) -> Any:
    if endpoint.streams_requests:
        return caller.requests(request)
    caller.has_received(request)
    return request


def _refusing(refusal: Refusal, method: str) -> Handler:
    async def refuse(requests: Any, context: Context) -> None:
        async with answering(context, method):
            raise refusal.with_traceback(None)

    # On the wire a call of any kind is a stream of messages each way, so one handler refuses them all.
    return grpc.stream_stream_rpc_method_handler(refuse)
