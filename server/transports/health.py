"""gRPC's health service, asked by tools and load balancers (grpc.health.v1)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2 as pb

from server.admission import Admission
from server.errors import Reason, Refusal
from server.services.endpoint import CallContext, Entrance

_SERVICE: Any = pb.DESCRIPTOR.services_by_name["Health"]
# The library has it, its types do not know it yet.
_ListResponse: Any = GetMessageClass(_SERVICE.methods_by_name["List"].output_type)

_UNKNOWN = pb.HealthCheckResponse.SERVICE_UNKNOWN
_SERVING = pb.HealthCheckResponse.SERVING
_NOT_SERVING = pb.HealthCheckResponse.NOT_SERVING


class HealthService:
    """Tells which services are available. ``watchers`` limits how many calls may watch that at once."""

    descriptor: ServiceDescriptor = _SERVICE

    def __init__(self, watchers: Admission) -> None:
        self.entrances = {"Watch": Entrance(watchers)}
        self._states: dict[str, Any] = {}
        self._changed = asyncio.Event()

    def set(self, availability: Mapping[str, bool]) -> None:
        """Says of each service, by its full name, whether it is available; "" is the server."""
        self._states = {name: _SERVING if available else _NOT_SERVING for name, available in availability.items()}
        self._wake_watchers()

    def enter_shutdown(self) -> None:
        """Says of every service that it is not available."""
        self.set(dict.fromkeys(self._states, False))

    async def Check(self, request: pb.HealthCheckRequest, call: CallContext) -> pb.HealthCheckResponse:
        state = self._states.get(request.service)
        if state is None:
            known = ", ".join(filter(None, self._states))
            raise Refusal(
                Reason.SERVICE_NOT_FOUND,
                f"There is no service {request.service[:100]!r} here; ask about one of {known}, or about '' for all.",
            )
        return pb.HealthCheckResponse(status=state)

    async def List(self, request: Message, call: CallContext) -> Any:
        answers = {name: pb.HealthCheckResponse(status=state) for name, state in self._states.items()}
        return _ListResponse(statuses=answers)

    async def Watch(
        self, request: pb.HealthCheckRequest, call: CallContext
    ) -> AsyncGenerator[pb.HealthCheckResponse, None]:
        told = None
        while True:
            changed, state = self._changed, self._states.get(request.service, _UNKNOWN)
            if state != told:
                yield pb.HealthCheckResponse(status=state)
                told = state
            await changed.wait()

    def _wake_watchers(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
