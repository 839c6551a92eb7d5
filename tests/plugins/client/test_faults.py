"""Servers that are not ours, that go, that stall and that break the rules: each is a sentence, none a hang."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import grpc
import pytest
from h2.errors import ErrorCodes
from h2.events import RequestReceived, StreamEnded, StreamReset
from hpack import Encoder
from pleinair.v1 import translation_pb2

from plugins.client import Cancel, Cancelled, Client, ClientError, ConnectionLost, Endpoint, codec, connection, rpc
from plugins.client.messages import Filter, ListFiltersResponse
from tests.plugins.client.layers import header, pixels_for
from tests.plugins.client.scripted import Peer, scripted

AT_ONCE = 2.0  # seconds, on a machine that others use too
LARGE = header(width=2048, height=2048)
ONE_FILTER = codec.encode(ListFiltersResponse(filters=[Filter(id="one")]))


def failure(address: str, *, timeout: float = 20) -> ClientError:
    with Client(Endpoint(address)) as client, pytest.raises(ClientError) as caught:
        client.list_filters(timeout=timeout)
    return caught.value


def ids(client: Client) -> list[str]:
    return [found.id for found in client.list_filters().filters]


def request(peer: Peer) -> int:
    """Takes one whole request of a client; gives its stream."""
    stream: int = peer.until(RequestReceived).stream_id
    peer.until(StreamEnded)
    return stream


@contextmanager
def web_server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@contextmanager
def grpc_server(*handlers: grpc.GenericRpcHandler) -> Iterator[str]:
    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers(handlers)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


def translating(translate: Callable[[Iterator[bytes], object], Iterator[bytes]]) -> grpc.GenericRpcHandler:
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.stream_stream_rpc_method_handler(translate)
    return grpc.method_handlers_generic_handler("pleinair.v1.TranslationService", {"Translate": handler})


# Not ours


def test_a_web_server_is_not_a_pleinair_server() -> None:
    with web_server() as address:
        error = failure(address)
    assert error.code == "UNIMPLEMENTED"
    assert error.sentence == f"What answers at {address} is not a Pleinair server."


@pytest.mark.parametrize(
    "words", [b"SSH-2.0-OpenSSH_9.9\r\n", b"\x15\x03\x01\x00\x02\x02\x28", b"\0" * 64, b"220 hi\r\n"]
)
def test_whatever_else_speaks_first_is_not_a_pleinair_server(words: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.socket.sendall(words)
        peer.until_gone()

    with scripted(script) as address:
        assert failure(address).code == "UNIMPLEMENTED"


def test_another_grpc_server_is_not_a_pleinair_server() -> None:
    with grpc_server() as address:
        error = failure(address)
    assert (error.code, error.sentence) == ("UNIMPLEMENTED", f"What answers at {address} is not a Pleinair server.")


@pytest.mark.parametrize(
    ("status", "code"), [("404", "UNIMPLEMENTED"), ("200", "UNIMPLEMENTED"), ("503", "UNAVAILABLE")]
)
def test_an_http2_server_without_grpc_is_no_pleinair_server_unless_it_stands_before_one(status: str, code: str) -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        stream = request(peer)
        peer.h2.send_headers(stream, [(":status", status), ("content-type", "text/html")], end_stream=True)
        peer.send()
        peer.until_gone()

    with scripted(script) as address:
        assert failure(address).code == code


@pytest.mark.parametrize(
    "frame",
    [
        b"\x01\0\0\0\0",  # compressed, which nobody asked for
        b"\0\xff\xff\xff\xff",  # a message of 4 GiB
        b"\0\0\0\0\x02\x0a\x7f",  # a message that is cut off inside
    ],
)
def test_an_answer_that_is_no_message_is_refused(frame: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        stream = request(peer)
        peer.answer(stream)
        peer.h2.send_data(stream, frame)
        peer.send()
        peer.until_gone()

    with scripted(script) as address:
        assert failure(address).code == "UNIMPLEMENTED"


# Gone, and back


def test_a_server_that_hangs_up_at_once_may_be_one_that_starts() -> None:
    with scripted(lambda peer: None) as address:
        error = failure(address)
    assert isinstance(error, ConnectionLost)
    assert error.sentence == f"What answers at {address} ended the connection at once."


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


# Silent


def test_a_server_that_never_greets_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "GREETING_SECONDS", 0.2)
    with scripted(Peer.until_gone) as address:
        error = failure(address)
    assert isinstance(error, ConnectionLost)
    assert error.sentence == f"Nothing has come from the server at {address} for 0 seconds."


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


# Cancelled, wherever it waits


@contextmanager
def cancelled_after(seconds: float) -> Iterator[Cancel]:
    cancel = Cancel()
    timer = threading.Timer(seconds, cancel.cancel)
    timer.start()
    begun = time.monotonic()
    with pytest.raises(Cancelled):
        yield cancel
    assert time.monotonic() - begun < seconds + AT_ONCE
    timer.join()


def test_cancelling_wakes_a_call_that_connects() -> None:
    with socket.socket() as full, socket.socket() as first:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        first.connect(full.getsockname())  # its queue is full now: who comes next is not answered
        with socket.socket() as second:
            second.setblocking(False)
            second.connect_ex(full.getsockname())
            address = f"127.0.0.1:{full.getsockname()[1]}"
            with cancelled_after(0.2) as cancel, Client(Endpoint(address)) as client:
                client.list_filters(cancel=cancel)


def test_cancelling_wakes_a_call_that_waits_and_tells_the_server() -> None:
    resets: list[int] = []

    def script(peer: Peer) -> None:
        peer.greet()
        stream = request(peer)
        assert peer.until(StreamReset).stream_id == stream
        resets.append(peer.number)
        stream = request(peer)
        peer.answer(stream, ONE_FILTER)
        peer.finish(stream)
        peer.until_gone()

    with scripted(script) as address, Client(Endpoint(address)) as client:
        with cancelled_after(0.1) as cancel:
            client.list_filters(cancel=cancel)
        assert ids(client) == ["one"]  # on the same connection
    assert resets == [0]


def test_cancelling_wakes_a_call_whose_pixels_nobody_takes() -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        peer.until(RequestReceived)  # and no window is opened after the first 64 KiB
        peer.until_gone()

    with scripted(script) as address, Client(Endpoint(address)) as client, cancelled_after(0.2) as cancel:
        client.translate(LARGE, pixels_for(LARGE), cancel=cancel)


# Against the rules of the protocol, or only unusual


def test_a_server_that_answers_while_it_is_sent_to_blocks_nobody() -> None:
    def echo(frames: Iterator[bytes], context: object) -> Iterator[bytes]:
        next(frames)
        yield from frames

    with grpc_server(translating(echo)) as address, Client(Endpoint(address)) as client:
        pixels = bytes(range(256)) * (4096 * 4096 * 4 // 256)
        assert client.translate(header(width=4096, height=4096), pixels).pixels == pixels


def test_a_server_that_answers_before_all_was_sent_is_heard() -> None:
    result = pixels_for(LARGE)

    def answer(frames: Iterator[bytes], context: object) -> Iterator[bytes]:
        for start in range(0, len(result), 1 << 20):
            yield translation_pb2.TranslateResponse(pixels=result[start : start + (1 << 20)]).SerializeToString()

    with grpc_server(translating(answer)) as address, Client(Endpoint(address)) as client:
        assert client.translate(LARGE, result).pixels == result
        assert client.translate(LARGE, result).pixels == result


@pytest.mark.parametrize("count", [3, 5])
def test_another_number_of_pixels_than_asked_for_is_refused(count: int) -> None:
    def answer(frames: Iterator[bytes], context: object) -> Iterator[bytes]:
        list(frames)
        yield translation_pb2.TranslateResponse(pixels=b"\x01" * 4 * count).SerializeToString()

    with grpc_server(translating(answer)) as address, Client(Endpoint(address)) as client:
        with pytest.raises(ClientError) as caught:
            client.translate(header(), pixels_for(header()))
        assert caught.value.code == "DATA_LOSS"


def test_a_failure_that_no_server_of_ours_describes_names_its_code() -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        stream = request(peer)
        peer.answer(stream)
        peer.finish(stream, status=13)
        peer.until_gone()

    with scripted(script) as address:
        error = failure(address)
    assert (error.code, error.reason) == ("INTERNAL", "")
    assert error.sentence == f"The server at {address} failed (INTERNAL)."
