"""What is uploaded is counted as it comes, against what was declared, and stays within --memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from pleinair.v1 import translation_pb2 as pb

from tests import factories
from tests.contract.connection import Connection, Failure, failure_of, header_frame, pixel_frame
from tests.processes import ServerProcess, serving
from tests.promises.length import counted
from tests.promises.usage import forget_peak, usage

pytestmark = pytest.mark.slow

MIB = 1 << 20
MEMORY = 256 * MIB
BESIDE = 96 * MIB  # what gRPC has under way, and Python for itself
UPLOADS = 12
ROUNDS = counted(short=1, long=30)
SIDE = 4096  # 64 MiB of four bytes
EMPTY_PARTS = b"\x3a\x00" * 15_000_000  # raw_input_contents, one after another: 30 MB


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("filters")
    factories.put(folder, factories.identity())
    with serving(folder, "--memory", "256MiB", "--queue", "24", "--training", "off") as started:
        yield started


@pytest.fixture(scope="module")
def connection(server: ServerProcess) -> Iterator[Connection]:
    with grpc.insecure_channel(server.address) as channel:
        connected = Connection(channel, server.folder)
        assert connected.is_well()
        yield connected


def upload(connection: Connection, chunk: bytes, chunks: int, **header: int) -> Failure:
    """How it fails."""
    frames = itertools.chain([header_frame(**header)], itertools.repeat(pixel_frame(chunk), chunks))
    with pytest.raises(grpc.RpcError) as caught:
        list(connection.translation.Translate(frames, timeout=120))
    assert isinstance(caught.value, grpc.Call)
    return failure_of(caught.value)


@pytest.mark.parametrize(
    ("chunk", "chunks", "reason"),
    [
        (bytes(1 << 10), 1 << 10, "TOO_MANY_PIXELS"),
        (bytes(MIB), 32, "TOO_MANY_PIXELS"),
        (b"\0", 11, "TOO_FEW_PIXELS"),
        (b"", 1000, "TOO_FEW_PIXELS"),
    ],
)
def test_more_or_less_than_was_declared_is_refused(
    connection: Connection, chunk: bytes, chunks: int, reason: str
) -> None:
    failed = upload(connection, chunk, chunks)
    assert (failed.code, failed.reason) == ("INVALID_ARGUMENT", reason)
    assert connection.is_well()


def test_uploads_wait_for_memory_and_give_it_back(server: ServerProcess, connection: Connection) -> None:
    """A byte is missing of each, so that all are refused in the end."""
    forget_peak(server.process.pid)
    before = usage(server.process.pid).resident
    with ThreadPoolExecutor(UPLOADS) as threads:
        for _ in range(ROUNDS):
            calls = [threads.submit(_upload_most, server) for _ in range(UPLOADS)]
            assert connection.is_well()
            assert {call.result().reason for call in calls} == {"TOO_FEW_PIXELS"}
    assert usage(server.process.pid).peak - before < MEMORY + BESIDE
    assert connection.is_well()
    assert usage(server.process.pid).resident - before < BESIDE


def _upload_most(server: ServerProcess) -> Failure:
    """Over a connection of its own, as gRPC divides what may be under way between the calls of one."""
    with grpc.insecure_channel(server.address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        connection = Connection(channel, server.folder)
        return upload(connection, bytes(MIB), 63, width=SIDE, height=SIDE, channels=pb.CHANNELS_RGBA)


def test_messages_in_very_many_parts_cost_no_more_than_their_bytes(
    server: ServerProcess, connection: Connection
) -> None:
    """Which are there twice, once as gRPC has them."""
    forget_peak(server.process.pid)
    before = usage(server.process.pid).resident
    with ThreadPoolExecutor(3) as threads:
        calls = [threads.submit(_send_parts, connection) for _ in range(3)]
        assert connection.is_well()
        assert {call.result().reason for call in calls} == {"BAD_MESSAGE"}
    assert usage(server.process.pid).peak - before < 3 * 2 * len(EMPTY_PARTS) + BESIDE


def _send_parts(connection: Connection) -> Failure:
    call: Any = connection.channel.unary_unary("/inference.GRPCInferenceService/ModelInfer", lambda data: data)
    with pytest.raises(grpc.RpcError) as caught:
        call(EMPTY_PARTS, timeout=120)
    assert isinstance(caught.value, grpc.Call)
    return failure_of(caught.value)
