"""Behind a proxy that is trusted each client has a share of its own; from nobody else is a name taken."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest
from pleinair.v1 import filters_pb2
from pleinair.v1.filters_pb2_grpc import FilterServiceStub

from server.application import MOST_WATCHERS
from server.transports.clients import Clients
from tests import factories
from tests.contract.connection import failing

PROXY, CLIENT, OTHER = "10.0.0.7", "192.0.2.1", "192.0.2.2"
WATCH = filters_pb2.WatchFiltersRequest()


def forwarded(*lines: str) -> tuple[tuple[str, str | bytes], ...]:
    return (("user-agent", "something"), *(("x-forwarded-for", line) for line in lines))


@pytest.mark.parametrize(
    ("peer", "lines", "client"),
    [
        (f"ipv4:{PROXY}:4711", [CLIENT], f"ipv4:{CLIENT}"),
        (f"ipv4:{PROXY}:4711", [f"{OTHER}, {CLIENT}"], f"ipv4:{CLIENT}"),  # what came before may be anybody's word
        (f"ipv4:{PROXY}:4711", [OTHER, CLIENT], f"ipv4:{CLIENT}"),
        (f"ipv4:{PROXY}:4711", [f"{CLIENT}, {PROXY}"], f"ipv4:{CLIENT}"),  # through two of them
        (f"ipv4:{PROXY}:4711", ["2001:db8::1"], "ipv6:%5B2001:db8::1%5D"),
        (f"ipv4:{PROXY}:4711", [f"::ffff:{CLIENT}"], f"ipv4:{CLIENT}"),
        ("ipv6:%5Bfd00::7%5D:4711", [CLIENT], f"ipv4:{CLIENT}"),
        (f"ipv4:{PROXY}:4711", [], f"ipv4:{PROXY}"),
        (f"ipv4:{PROXY}:4711", [f"{CLIENT}, nonsense"], f"ipv4:{PROXY}"),
        (f"ipv4:{PROXY}:4711", [f"{CLIENT}, "], f"ipv4:{PROXY}"),
        (f"ipv4:{OTHER}:4711", [CLIENT], f"ipv4:{OTHER}"),
        ("ipv6:%5B2001:db8::1%5D:4711", [CLIENT], "ipv6:%5B2001:db8::1%5D"),
        ("unix:", [CLIENT], "unix:"),
    ],
)
def test_the_client_is_whom_a_trusted_proxy_names_nearest(peer: str, lines: list[str], client: str) -> None:
    assert Clients([f"{PROXY}/32", "fd00::/8"]).client_of(peer, forwarded(*lines)) == client


def test_without_proxies_it_is_the_host() -> None:
    assert Clients(()).client_of(f"ipv4:{PROXY}:4711", forwarded(CLIENT)) == f"ipv4:{PROXY}"


def test_clients_of_one_proxy_have_shares_of_their_own(tmp_path: Path) -> None:
    with (
        factories.running_server(tmp_path, trusted_proxies=("127.0.0.1/32",)) as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        stub = FilterServiceStub(channel)
        greedy = [stub.WatchFilters(WATCH, metadata=forwarded(CLIENT)) for _ in range(MOST_WATCHERS - 1)]
        with failing() as failures:
            for watch in greedy:
                next(watch)
        assert failures[0].reason == "QUEUE_FULL"
        assert next(stub.WatchFilters(WATCH, metadata=forwarded(OTHER)))
        for watch in greedy:
            watch.cancel()
