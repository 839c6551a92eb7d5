"""500 connections that idle, or stop in the middle of their first word, cost others nothing and the server little."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median

import grpc
import pytest
from pleinair.v1 import filters_pb2, filters_pb2_grpc

from tests import factories
from tests.processes import ServerProcess, serving
from tests.promises.length import counted
from tests.promises.usage import usage
from tests.server.transports.http2 import hello, sockets
from tests.trainings import eventually

pytestmark = pytest.mark.slow

CONNECTIONS = 500
ROUNDS = counted(short=1, long=20)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("filters")
    factories.put(folder, factories.identity())
    with serving(folder, "--provider", "cpu") as running:
        yield running


@pytest.mark.parametrize("said", [b"", hello()[:10], hello()], ids=["nothing", "half a hello", "a hello"])
def test_500_idle_connections_hold_nobody_up_and_leave_nothing(server: ServerProcess, said: bytes) -> None:
    assert _milliseconds(server.address) > 0  # what the first call loads is not theirs
    before = usage(server.process.pid)
    for _ in range(ROUNDS):
        with ExitStack() as idle:
            idle.enter_context(sockets(server.address, CONNECTIONS, said))
            assert _milliseconds(server.address) < 100
            assert usage(server.process.pid).resident - before.resident < 64 << 20
        eventually(lambda: usage(server.process.pid).descriptors <= before.descriptors + 5)


def _milliseconds(address: str) -> float:
    """The median of calls, each on a connection of its own."""
    taken = []
    for _ in range(15):
        start = time.monotonic()
        with grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
            filters_pb2_grpc.FilterServiceStub(channel).ListFilters(filters_pb2.ListFiltersRequest(), timeout=30)
        taken.append(1000 * (time.monotonic() - start))
    return median(taken)
