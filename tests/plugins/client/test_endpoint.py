from __future__ import annotations

import pytest

from plugins.client import ClientError, Endpoint


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("127.0.0.1:50051", "127.0.0.1", 50051),
        (" studio.example:1 ", "studio.example", 1),
        ("[::1]:65535", "::1", 65535),
    ],
)
def test_an_address_is_a_host_and_a_port(address: str, host: str, port: int) -> None:
    assert Endpoint(address).host_and_port == (host, port)


@pytest.mark.parametrize(
    "address",
    ["", "studio", "studio:", ":50051", "studio:port", "studio:0", "studio:65536", "::1:50051", "a b:1", "http://a:1"],
)
def test_what_is_no_address_is_answered_with_an_example(address: str) -> None:
    with pytest.raises(ClientError) as caught:
        _ = Endpoint(address).host_and_port
    assert caught.value.sentence == f"“{address}” is not an address."
    assert "127.0.0.1:50051" in caught.value.remedy


@pytest.mark.parametrize(
    ("address", "own"),
    [("127.0.0.1:1", True), ("127.8.9.1:1", True), ("localhost:1", True), ("[::1]:1", True), ("10.0.0.1:1", False)],
)
def test_loopback_is_known(address: str, own: bool) -> None:
    assert Endpoint(address).is_loopback is own
