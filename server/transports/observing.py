"""Has somebody told of each call that grpc.aio answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import grpc

from server.metrics.calls import Observe, observe_with

_Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


class ObservingInterceptor(grpc.aio.ServerInterceptor):
    """Goes before all others, whose refusals are to be told of too. grpc.aio answers a call in the task in which it
    asks the interceptors."""

    def __init__(self, observe: Observe) -> None:
        self._observe = observe

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[_Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> _Handler | None:
        observe_with(self._observe)
        return await continuation(handler_call_details)
