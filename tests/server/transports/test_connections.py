"""Connections that idle, stop in the middle of a word, or flood: they cost others nothing."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2
from pleinair.v1 import filters_pb2, filters_pb2_grpc

from server.transports.connections import MOST_CALLS_OF_A_CONNECTION
from server.transports.grpc_aio import MOST_HEALTH_WATCHERS
from tests import factories
from tests.contract.connection import Connection
from tests.server.transports.http2 import hello, opened, reset, sockets

_ALONE = [("grpc.use_local_subchannel_pool", 1)]  # a connection of its own
LIST = "/pleinair.v1.FilterService/ListFilters"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    factories.put(tmp_path, factories.identity())
    with factories.running_server(tmp_path) as server:
        yield server.address


def statuses(address: str, calls: int) -> list[str]:
    """How calls of an innocent client on a connection of its own end."""
    with grpc.insecure_channel(address, _ALONE) as channel:
        filters, told = filters_pb2_grpc.FilterServiceStub(channel), []
        for _ in range(calls):
            try:
                filters.ListFilters(filters_pb2.ListFiltersRequest(), timeout=30)
                told.append("OK")
            except grpc.RpcError as error:
                told.append(error.code().name)
        return told


@pytest.mark.slow
@pytest.mark.parametrize("flooding", [1, 40])
def test_a_flood_of_calls_cancels_nobody_elses(address: str, flooding: int) -> None:
    streams = range(1, 8000 // flooding, 2)
    with sockets(address, flooding, hello()) as flood, ThreadPoolExecutor(4) as pool:
        innocent = [pool.submit(statuses, address, 300) for _ in range(4)]
        for one in flood:
            one.sendall(opened(streams, LIST) + reset(streams))
        told = [status for calls in innocent for status in calls.result()]
    assert set(told) == {"OK"}


def test_a_connection_has_a_number_of_calls_at_once(address: str) -> None:
    """The settings that the server sends first say so: the identifier 3 with a value of four bytes."""
    with sockets(address, 1, hello()) as (one,):
        said = one.recv(4096)
    assert b"\0\3" + MOST_CALLS_OF_A_CONNECTION.to_bytes(4) in said


@pytest.mark.slow
def test_who_does_not_finish_the_hello_is_sent_away(address: str) -> None:
    with sockets(address, 20, hello()[:10]) as waiting:
        end = time.monotonic() + 25
        for one in waiting:
            one.settimeout(max(0.1, end - time.monotonic()))
            assert _rest(one) is not None


def test_health_has_a_number_of_watchers_and_more_are_told_so(address: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        channels = [stack.enter_context(grpc.insecure_channel(address, _ALONE)) for _ in range(2)]
        asked = [Connection(channel, tmp_path).health for channel in channels]
        watches = [asked[number % 2].Watch(health_pb2.HealthCheckRequest()) for number in range(MOST_HEALTH_WATCHERS)]
        assert {_first(watch) for watch in watches} == {"SERVING", "RESOURCE_EXHAUSTED"}
        assert asked[0].Check(health_pb2.HealthCheckRequest()).status == health_pb2.HealthCheckResponse.SERVING
        for watch in watches:
            watch.cancel()


def _rest(one: socket.socket) -> bytes:
    """What the server still says until it closes."""
    said = b""
    while part := one.recv(4096):
        said += part
    return said


def _first(watch: Any) -> str:
    try:
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(next(watch).status))
    except grpc.RpcError:
        return str(watch.code().name)
