"""What cannot be read as a message is refused alike by every method, and quickly whatever is in it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from grpc_status import rpc_status
from pleinair.inference import open_inference_pb2
from pleinair.v1 import filters_pb2, training_pb2, translation_pb2

from server.errors import Reason
from server.wire.status import DOMAIN
from tests import factories
from tests.contract.connection import SECONDS, Connection
from tests.contract.over_sockets import connect

SERVICES = [
    service
    for module in (filters_pb2, translation_pb2, training_pb2, open_inference_pb2, health_pb2, reflection_pb2)
    for service in module.DESCRIPTOR.services_by_name.values()
]
METHODS = [method for service in SERVICES for method in service.methods]
NAMES = [method.full_name for method in METHODS]


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    folder = tmp_path_factory.mktemp("filters")
    factories.put(folder, factories.identity())
    with connect(folder) as connected:
        yield connected


def refused(connection: Connection, method: MethodDescriptor, *messages: bytes) -> tuple[str, str]:
    """The sentence and the reason with which the method refuses these messages as invalid."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    call = connection.channel.stream_stream(path, lambda data: data, lambda data: data)
    with pytest.raises(grpc.RpcError) as caught:
        list(call(iter(messages), timeout=SECONDS))
    error: Any = caught.value
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    status = rpc_status.from_call(error)
    assert DOMAIN.encode() in status.details[0].value
    assert Reason.BAD_MESSAGE.encode() in status.details[0].value
    return str(error.details()), str(status.message)


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
def test_bytes_that_are_no_message_are_refused(connection: Connection, method: MethodDescriptor) -> None:
    expected = f"The message cannot be read; expected a {method.input_type.name} in protobuf's binary format."
    for data in (b"\xff" * 20, b"\x0a\x7f", b"\x07", b"\x0b"):
        assert refused(connection, method, data) == (expected, expected)


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
def test_many_parts_are_refused_before_they_are_read(connection: Connection, method: MethodDescriptor) -> None:
    """Reading fifteen million of them took seconds and a gigabyte."""
    began = time.thread_time()
    told, _ = refused(connection, method, b"\x0a\x00" * (8 << 20))
    assert told.startswith("The message has more than 10000 parts")
    assert time.thread_time() - began < 2


@pytest.mark.parametrize(
    "method",
    [method for method in METHODS if not method.client_streaming],
    ids=[method.full_name for method in METHODS if not method.client_streaming],
)
def test_a_call_without_its_message_is_answered(connection: Connection, method: MethodDescriptor) -> None:
    """Not left to its deadline."""
    assert refused(connection, method)[0] == f"The call ended without a message; send one {method.input_type.name}."


def test_messages_of_very_many_tensors_within_tensors_are_counted_too(connection: Connection) -> None:
    method = open_inference_pb2.DESCRIPTOR.services_by_name["GRPCInferenceService"].methods_by_name["ModelInfer"]
    empty = b"\x42\x00"  # InferTensorContents.bytes_contents
    contents = empty * 20_000
    tensor = b"\x2a" + length(contents) + contents  # InferInputTensor.contents
    message = b"\x2a" + length(tensor) + tensor  # ModelInferRequest.inputs
    assert open_inference_pb2.ModelInferRequest.FromString(message).inputs[0].contents.bytes_contents[0] == b""
    assert "more than 10000 parts" in refused(connection, method, message)[0]


def length(data: bytes) -> bytes:
    rest, out = len(data), bytearray()
    while rest >= 0x80:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([*out, rest])


def test_the_server_is_well_after_all_that(connection: Connection) -> None:
    assert connection.is_well()


def test_a_refused_message_leaves_no_trace_in_the_log(connection: Connection, caplog: pytest.LogCaptureFixture) -> None:
    refused(connection, METHODS[0], b"\xff" * 20)
    assert all("Traceback" not in record.getMessage() and record.exc_info is None for record in caplog.records)
