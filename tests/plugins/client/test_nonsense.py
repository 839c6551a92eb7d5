"""Whatever a server answers, a call ends with an error that the plug-ins can show."""

from __future__ import annotations

import contextlib
import itertools
import random
import time

import pytest
from hpack import Encoder
from hyperframe.frame import DataFrame, Frame, HeadersFrame
from pleinair.v1 import filters_pb2, translation_pb2

from plugins.client import Client, ClientError, Endpoint, Progress
from tests.plugins.client.layers import header, pixels_for
from tests.plugins.client.scripted import Peer, Script, failure, request, scripted

GRPC = [(b":status", b"200"), (b"content-type", b"application/grpc")]
SEED, CONNECTIONS = 12, 150


def sends(*frames: Frame) -> bytes:
    return b"".join(frame.serialize() for frame in frames)


def headers(stream: int, fields: list[tuple[bytes, bytes]], *, end: bool = True) -> HeadersFrame:
    """The fields as they are, which h2 would not send."""
    flags = ["END_HEADERS", "END_STREAM"] if end else ["END_HEADERS"]
    return HeadersFrame(stream, Encoder().encode(fields, huffman=False), flags=flags)


def answering(fields: list[tuple[bytes, bytes]]) -> Script:
    def script(peer: Peer) -> None:
        peer.greet()
        peer.socket.sendall(sends(headers(request(peer), fields)))
        peer.until_gone()

    return script


@pytest.mark.parametrize(
    "field",
    [
        (b"grpc-message", b"caf\xe9"),
        (b"caf\xe9", b"x"),
        (b"grpc-status", b"\xff"),
        (b":status", b"\xff"),
        (b"content-type", b"\xc3"),
        (b"grpc-status-details-bin", b"\xe9"),
    ],
    ids=["message", "name", "status", "http status", "content type", "details"],
)
def test_a_header_that_is_no_text_is_not_of_a_pleinair_server(field: tuple[bytes, bytes]) -> None:
    with scripted(answering([*GRPC, (b"grpc-status", b"13"), field])) as address:
        assert failure(address).code == "UNIMPLEMENTED"


@pytest.mark.parametrize(
    ("status", "details"),
    [
        (b"13", "€€".encode()),
        (b"13", b"A"),
        (b"9" * 5000, b""),
        ("٣".encode(), b""),
        (b"13", b"\x00"),
    ],
    ids=["details in no base64", "details cut off", "a status of thousands of digits", "other digits", "a zero byte"],
)
def test_a_status_that_means_nothing_is_an_error_all_the_same(status: bytes, details: bytes) -> None:
    with scripted(answering([*GRPC, (b"grpc-status", status), (b"grpc-status-details-bin", details)])) as address:
        failure(address)


def test_a_number_in_a_header_that_does_not_end_is_refused_at_once() -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        stream = request(peer)
        peer.socket.sendall(sends(HeadersFrame(stream, b"\xff" + b"\x80" * 15_000 + b"\x01", flags=["END_HEADERS"])))
        peer.until_gone()

    with scripted(script) as address:
        began = time.process_time()
        assert failure(address).code == "UNIMPLEMENTED"
        assert time.process_time() - began < 1


@pytest.mark.parametrize("token", ["again", "{number}"])
def test_a_list_whose_pages_never_end_is_refused(token: str) -> None:
    numbers = itertools.count()

    def script(peer: Peer) -> None:
        peer.greet()
        with contextlib.suppress(ConnectionError):
            while True:
                stream = request(peer)
                page = filters_pb2.ListFiltersResponse(next_page_token=token.format(number=next(numbers)))
                peer.answer(stream, page.SerializeToString())
                peer.finish(stream)

    with scripted(script) as address:
        assert failure(address).code == "UNIMPLEMENTED"


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), -1.0, 1e300])
def test_progress_that_is_no_share_and_no_time_counts_as_unknown(odd: float) -> None:
    progress = translation_pb2.Progress(
        stage=translation_pb2.Progress.STAGE_TRANSLATING, fraction=odd, seconds_left=odd
    )
    told = translation_pb2.TranslateResponse(progress=progress).SerializeToString()
    rest = translation_pb2.TranslateResponse(pixels=pixels_for(header())).SerializeToString()

    def script(peer: Peer) -> None:
        peer.greet()
        stream = request(peer)
        peer.answer(stream, told, rest)
        peer.finish(stream)

    heard: list[Progress] = []
    with scripted(script) as address, Client(Endpoint(address)) as client:
        client.translate(header(), pixels_for(header()), on_progress=heard.append)
    assert Progress("translating") in heard


def test_what_chance_makes_of_an_answer_never_ends_in_another_error() -> None:
    chance = random.Random(SEED)

    def script(peer: Peer) -> None:
        peer.greet()
        stream = request(peer)
        good = sends(
            headers(stream, [*GRPC, (b"grpc-message", b"fine")], end=False),
            DataFrame(stream, b"\0\0\0\0\5\x0a\3abc"),
            headers(stream, [(b"grpc-status", b"13"), (b"grpc-status-details-bin", b"CAM")]),
        )
        peer.socket.sendall(_mutated(good, chance))

    with scripted(script) as address:
        for _ in range(CONNECTIONS):
            with Client(Endpoint(address)) as client:
                try:
                    client.list_filters(timeout=3)
                except ClientError as error:
                    assert error.sentence


def _mutated(good: bytes, chance: random.Random) -> bytes:
    made = bytearray(good)
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(made))
        made[place : place + chance.randint(0, 2)] = chance.randbytes(chance.randint(0, 3))
    return bytes(made)
