"""gRPC's reflection service, by which tools learn what is served."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Any

from google.protobuf.descriptor import ServiceDescriptor
from grpc_reflection.v1alpha import reflection_pb2 as pb
from grpc_reflection.v1alpha.reflection import SERVICE_NAME
from grpc_reflection.v1alpha.reflection import aio as reflection

from server.services.endpoint import CallContext, Entrance

_FILE: Any = pb.DESCRIPTOR


class ReflectionService:
    """Describes the services with the given full names, and itself."""

    descriptor: ServiceDescriptor = _FILE.services_by_name["ServerReflection"]
    entrances: Mapping[str, Entrance] = {}

    def __init__(self, names: Sequence[str]) -> None:
        self._servicer: Any = reflection.ReflectionServicer((*names, SERVICE_NAME))

    async def ServerReflectionInfo(
        self, requests: AsyncIterator[pb.ServerReflectionRequest], call: CallContext
    ) -> AsyncGenerator[pb.ServerReflectionResponse, None]:
        async for response in self._servicer.ServerReflectionInfo(requests, None):
            yield response
