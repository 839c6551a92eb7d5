"""What the system tells of connections, found by who is at the other end."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from server.transports.tcp_connections import ConnectionCounters, end_connection
from tests.trainings import eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="no other system tells")


@contextmanager
def connected() -> Iterator[tuple[str, socket.socket, socket.socket]]:
    """The peer, as gRPC names it, its socket, and ours."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        ours, (host, port) = server.accept()
        with ours:
            yield f"ipv4:{host}:{port}", client, ours


def received(counters: ConnectionCounters, peer: str) -> int:
    counted = counters.of(peer)
    assert counted is not None
    return counted.received


def test_each_connection_has_its_own_count() -> None:
    counters = ConnectionCounters()
    with connected() as (one, its, _), connected() as (other, _, _):
        its.sendall(bytes(1000))
        eventually(lambda: received(counters, one) >= 1000)
        assert received(counters, other) < 1000


def test_a_connection_that_has_another_ones_descriptor_is_not_taken_for_it() -> None:
    counters = ConnectionCounters()
    with connected() as (before, its, ours):
        its.sendall(bytes(1000))
        eventually(lambda: received(counters, before) >= 1000)
        with connected() as (after, _, later):
            os.dup2(later.fileno(), ours.fileno())
            assert counters.of(before) is None
            assert received(counters, after) < 1000


def test_an_ended_connection_ends_for_its_peer() -> None:
    with connected() as (peer, client, _):
        end_connection(peer)
        client.settimeout(5)
        assert client.recv(1) == b""
