"""What answers and is no server of ours, or breaks the rules: each is a sentence, none a hang."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import grpc
import pytest
from pleinair.v1 import translation_pb2

from plugins.client import Client, ClientError, Endpoint
from tests.plugins.client.layers import header, pixels_for
from tests.plugins.client.scripted import Peer, failure, request, scripted

LARGE = header(width=2048, height=2048)


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


def test_a_web_server_is_not_a_pleinair_server() -> None:
    with web_server() as address:
        error = failure(address)
    assert error.code == "UNIMPLEMENTED"
    assert error.sentence == f"The program at {address} is not a Pleinair server."


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
    assert (error.code, error.sentence) == ("UNIMPLEMENTED", f"The program at {address} is not a Pleinair server.")


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


def test_a_picture_without_pixels_may_be_answered_with_nothing() -> None:
    def answer(frames: Iterator[bytes], context: object) -> Iterator[bytes]:
        list(frames)
        yield translation_pb2.TranslateResponse(pixels=b"").SerializeToString()
        yield translation_pb2.TranslateResponse(summary=translation_pb2.Summary()).SerializeToString()

    with grpc_server(translating(answer)) as address, Client(Endpoint(address)) as client:
        assert client.translate(header(width=0), b"").pixels == b""


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
