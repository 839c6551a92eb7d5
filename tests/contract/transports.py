"""The transports that the suite runs over. One that is added brings a ``connect`` and stands in TRANSPORTS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.contract import in_process, over_sockets
from tests.contract.connection import Connect

_GRPCS_OWN = "Health and reflection are services of gRPC itself, which GrpcServer adds to the application's."


@dataclass(frozen=True)
class Transport:
    """``connect`` starts a server on a folder, with options of ServerConfig, and connects to it. ``lacks`` says of each
    test that is not for this transport why: these do not run over it, all others must pass."""

    name: str
    connect: Connect
    lacks: Mapping[str, str] = field(default_factory=dict)


TRANSPORTS = (
    Transport("grpc.aio", over_sockets.connect),
    Transport(
        "in-process",
        in_process.connect,
        lacks={
            "test_health_is_told_for_the_server_and_each_service": _GRPCS_OWN,
            "test_health_of_an_unknown_service_is_not_found": _GRPCS_OWN,
            "test_health_of_trainings_says_when_there_are_none": _GRPCS_OWN,
            "test_reflection_lists_the_services_and_describes_them": _GRPCS_OWN,
            "test_a_message_over_the_limit_is_refused": "A message that goes no way has no largest size.",
        },
    ),
)
