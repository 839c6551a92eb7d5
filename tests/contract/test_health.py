"""What tools and load balancers ask of any gRPC server."""

from __future__ import annotations

from pathlib import Path

import pytest
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from server.config import TrainingMode
from tests.contract.connection import Connect, Connection, failing

SERVING = health_pb2.HealthCheckResponse.SERVING


NAMES = (
    "pleinair.v1.TranslationService",
    "pleinair.v1.FilterService",
    "pleinair.v1.TrainingService",
    "inference.GRPCInferenceService",
)


@pytest.mark.parametrize("service", ["", *NAMES])
def test_health_is_told_for_the_server_and_each_service(connection: Connection, service: str) -> None:
    assert connection.health.Check(health_pb2.HealthCheckRequest(service=service)).status == SERVING


def test_health_of_an_unknown_service_is_not_found(connection: Connection) -> None:
    with failing() as failures:
        connection.health.Check(health_pb2.HealthCheckRequest(service="nope"))
    assert failures[0].code == "NOT_FOUND"


def test_health_of_trainings_says_when_there_are_none(connect: Connect, tmp_path: Path) -> None:
    with connect(tmp_path, training=TrainingMode.OFF) as connection:
        health = health_pb2.HealthCheckRequest(service="pleinair.v1.TrainingService")
        assert connection.health.Check(health).status == health_pb2.HealthCheckResponse.NOT_SERVING


def test_reflection_lists_the_services_and_describes_them(connection: Connection) -> None:
    database = ProtoReflectionDescriptorDatabase(connection.channel)
    services = set(database.get_services())
    assert services == {
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
        *NAMES,
    }
    file = database.FindFileContainingSymbol("pleinair.v1.TranslationService")
    assert [method.name for method in file.service[0].method] == ["Translate", "TranslateImage"]
    file = database.FindFileContainingSymbol("inference.GRPCInferenceService")
    assert file.service[0].method[-1].name == "ModelInfer"
