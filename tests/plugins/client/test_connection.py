"""Servers that go and come back, and networks that stall."""

from __future__ import annotations

import time

import pytest
from h2.errors import ErrorCodes
from h2.events import RequestReceived
from hpack import Encoder

from plugins.client import Client, ClientError, ConnectionLost, Endpoint, codec, connection, rpc
from plugins.client.messages import Filter, ListFiltersResponse
from tests.plugins.client.layers import header, pixels_for
from tests.plugins.client.scripted import Peer, failure, ids, request, scripted

AT_ONCE = 2.0  # seconds, on a machine that others use too
ONE_FILTER = codec.encode(ListFiltersResponse(filters=[Filter(id="one")]))


def test_a_server_that_hangs_up_at_once_may_be_one_that_starts() -> None:
    with scripted(lambda peer: None) as address:
        error = failure(address)
    assert isinstance(error, ConnectionLost)
    assert error.sentence == f"The program at {address} closed the connection at once."


def test_spaces_around_an_address_are_not_sent() -> None:
    named: list[str] = []

    def script(peer: Peer) -> None:
        peer.greet()
        asked = peer.until(RequestReceived)
        named.append(dict(asked.headers)[":authority"])
        peer.answer(asked.stream_id, ONE_FILTER)
        peer.finish(asked.stream_id)
        peer.until_gone()

    with scripted(script) as address, Client(Endpoint(f" {address} ")) as client:
        assert ids(client) == ["one"]
    assert named == [address]


@pytest.mark.parametrize("begun", [False, True])
def test_a_server_that_goes_during_a_call_is_a_sentence(begun: bool) -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        stream = request(peer)
        if begun:
            peer.answer(stream, ONE_FILTER)

    with scripted(script) as address:
        error = failure(address)
    assert isinstance(error, ConnectionLost)
    assert error.sentence == f"The server at {address} ended the connection."


@pytest.mark.parametrize("how", ["reset", "no status"])
def test_a_call_that_ends_without_a_status_is_a_sentence(how: str) -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        stream = request(peer)
        peer.answer(stream)
        if how == "reset":
            peer.h2.reset_stream(stream, ErrorCodes.INTERNAL_ERROR)
        else:
            peer.h2.end_stream(stream)
        peer.send()
        peer.until_gone()

    with scripted(script) as address:
        assert failure(address).code == "UNAVAILABLE"


def test_a_connection_that_ended_between_two_calls_is_made_again() -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        stream = request(peer)
        peer.answer(stream, codec.encode(ListFiltersResponse(filters=[Filter(id=f"from {peer.number}")])))
        peer.finish(stream)

    with scripted(script) as address, Client(Endpoint(address)) as client:
        assert [ids(client) for _ in range(3)] == [["from 0"], ["from 1"], ["from 2"]]


def test_a_call_that_the_server_did_not_begin_before_it_went_is_made_again() -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        stream = request(peer)
        peer.answer(stream, ONE_FILTER)
        peer.finish(stream)
        if peer.number == 0:
            request(peer)
            peer.h2.close_connection(last_stream_id=stream)
            peer.send()
        peer.until_gone()

    with scripted(script) as address, Client(Endpoint(address)) as client:
        assert [ids(client) for _ in range(2)] == [["one"], ["one"]]


def test_a_server_that_takes_no_more_calls_finishes_the_one_that_runs() -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        stream = request(peer)
        # By hand: h2 says nothing after a GOAWAY.
        goaway = b"\0\0\x08\x07\0\0\0\0\0\x7f\xff\xff\xff\0\0\0\0"
        peer.socket.sendall(goaway)
        peer.answer(stream, ONE_FILTER)
        peer.finish(stream)
        peer.until_gone()

    with scripted(script) as address, Client(Endpoint(address)) as client:
        assert ids(client) == ["one"]
        assert ids(client) == ["one"]  # on another connection


def test_an_answer_that_came_just_before_the_server_went_counts() -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        stream = request(peer)
        peer.h2.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
        peer.h2.send_data(stream, b"\0" + len(ONE_FILTER).to_bytes(4, "big") + ONE_FILTER)
        peer.h2.send_headers(stream, [("grpc-status", "0")], end_stream=True)
        peer.h2.close_connection(error_code=ErrorCodes.INTERNAL_ERROR, last_stream_id=0)
        peer.send()

    with scripted(script) as address, Client(Endpoint(address)) as client:
        assert ids(client) == ["one"]


def test_a_large_frame_may_come_before_the_server_acknowledged_its_size() -> None:
    large = codec.encode(ListFiltersResponse(filters=[Filter(id="one", thumbnail=b"\0" * 500_000)]))
    encoder = Encoder()

    def frame(kind: int, flags: int, payload: bytes, stream: int = 1) -> bytes:
        return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload

    def script(peer: Peer) -> None:
        headers = encoder.encode([(":status", "200"), ("content-type", "application/grpc")])
        trailers = encoder.encode([("grpc-status", "0")])
        peer.socket.sendall(frame(4, 0, b"", stream=0))  # settings, and never an acknowledgement of the client's
        assert peer.socket.recv(1 << 16)
        peer.socket.sendall(frame(1, 4, headers) + frame(0, 0, b"\0" + len(large).to_bytes(4, "big") + large))
        peer.socket.sendall(frame(1, 5, trailers))

    with scripted(script) as address, Client(Endpoint(address)) as client:
        assert ids(client) == ["one"]


def test_a_server_that_never_greets_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "GREETING_SECONDS", 0.2)
    with scripted(Peer.until_gone) as address:
        error = failure(address)
    assert isinstance(error, ConnectionLost)
    assert error.sentence == f"The server at {address} has sent nothing for 0 seconds."


def test_a_network_that_stalls_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpc, "SILENCE_SECONDS", 0.3)

    def script(peer: Peer) -> None:
        peer.greet()
        peer.until(RequestReceived)
        peer.until_gone()

    with scripted(script) as address, Client(Endpoint(address)) as client, pytest.raises(ClientError) as caught:
        client.translate(header(), pixels_for(header()))
    assert isinstance(caught.value, ConnectionLost)
    assert caught.value.remedy == "Check the network and the server, and try again."


def test_a_deadline_ends_a_call_to_a_silent_server() -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        peer.until_gone()

    begun = time.monotonic()
    with scripted(script) as address:
        error = failure(address, timeout=0.2)
    assert time.monotonic() - begun < AT_ONCE
    assert error.code == "DEADLINE_EXCEEDED"
    assert error.sentence == f"The server at {address} did not answer within 0.2 seconds."
