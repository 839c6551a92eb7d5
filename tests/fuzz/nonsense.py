"""Answers that no server would give, and the editors' client that gets them."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

import hpack
from google.protobuf.descriptor import Descriptor
from pleinair.v1 import filters_pb2, training_pb2, translation_pb2

from plugins.client import Client, ClientError, Endpoint
from plugins.client.trainings import TrainingClient
from tests.fuzz import wire
from tests.fuzz.dice import TEXTS, mutated, shuffled
from tests.fuzz.holding import Broken
from tests.fuzz.messages import message
from tests.plugins.client.layers import header, pixels_for

_SECONDS = 2.0
_MOST_SECONDS = 10.0
_LAYER = header(width=4, height=4)
_OK = ((":status", "200"), ("content-type", "application/grpc"))


class Answers:
    """An attempt is a call of the client to a peer that answers with nonsense."""

    def attempt(self, dice: Random) -> None:
        """Raises Broken unless the call is answered or fails with a ClientError, in time."""
        call, kind = dice.choice(_CALLS)
        words, began = _words(kind, dice), time.monotonic()
        with _peer(words) as address:
            try:
                call(address)
            except ClientError as error:
                str(error)
            except Exception as error:
                raise Broken(f"The client raised {error!r} for the answer {words[:2000]!r}") from error
        if time.monotonic() - began > _MOST_SECONDS:
            raise Broken(f"The client waited for long at the answer {words[:2000]!r}")


@contextmanager
def _peer(words: bytes) -> Iterator[str]:
    """The address of one that says the same on every connection, as soon as something came, and closes it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        over = threading.Event()
        thread = threading.Thread(target=_say, args=(listening, words, over))
        thread.start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            over.set()
            socket.create_connection(listening.getsockname()).close()
            thread.join(_SECONDS * 2)


def _say(listening: socket.socket, words: bytes, over: threading.Event) -> None:
    while not over.is_set():
        connected, _ = listening.accept()
        with connected, contextlib.suppress(OSError):
            connected.settimeout(_SECONDS)
            connected.recv(1 << 16)
            connected.sendall(words)
            connected.shutdown(socket.SHUT_WR)
            while connected.recv(1 << 16):
                pass


def _list(address: str) -> None:
    with Client(Endpoint(address)) as client:
        client.list_filters(timeout=_SECONDS)


def _translate(address: str) -> None:
    with Client(Endpoint(address)) as client:
        client.translate(_LAYER, pixels_for(_LAYER))


def _trainings(address: str) -> None:
    with TrainingClient(Endpoint(address)) as client:
        client.list_trainings()


_CALLS: tuple[tuple[Callable[[str], None], Descriptor], ...] = (
    (_list, filters_pb2.ListFiltersResponse.DESCRIPTOR),
    (_translate, translation_pb2.TranslateResponse.DESCRIPTOR),
    (_trainings, training_pb2.ListTrainingsResponse.DESCRIPTOR),
)


def _words(kind: Descriptor, dice: Random) -> bytes:
    """An answer in HTTP/2, damaged in one of its parts or as bytes."""
    encoder = hpack.Encoder()
    parts = [
        wire.frame(wire.SETTINGS, 0, 0),
        wire.frame(wire.SETTINGS, 1, 0),
        wire.frame(wire.HEADERS, wire.END_HEADERS, 1, encoder.encode(_headers(dice), huffman=dice.random() < 0.5)),
        *(wire.frame(wire.DATA, 0, 1, wire.in_grpc(message(kind, dice, {}))[:16384]) for _ in range(dice.randrange(3))),
        wire.frame(wire.HEADERS, 5, 1, encoder.encode(_trailers(dice), huffman=dice.random() < 0.5)),
    ]
    if dice.random() < 0.2:
        parts.insert(
            dice.randint(0, len(parts)), wire.frame(dice.randrange(12), dice.randrange(256), 1, dice.randbytes(8))
        )
    words = b"".join(shuffled(parts, dice))
    return mutated(words, dice) if dice.random() < 0.3 else words


def _headers(dice: Random) -> list[tuple[bytes, bytes]]:
    made = [(name.encode(), value.encode()) for name, value in _OK]
    if dice.random() < 0.4:
        made.append((dice.choice((b"x", b"", b"grpc-status", b":status", b"\xff", b"content-type")), _value(dice)))
    return made


def _trailers(dice: Random) -> list[tuple[bytes, bytes]]:
    status = dice.choice((b"0", b"0", b"0", b"3", b"8", b"14", b"99", "²".encode(), b"-1", _value(dice)))
    made = [(b"grpc-status", status)]
    for name in (b"grpc-message", b"grpc-status-details-bin", b"pleinair-request-id"):
        if dice.random() < 0.3:
            made.append((name, _value(dice)))
    return made


def _value(dice: Random) -> bytes:
    return dice.choice((dice.choice(TEXTS).encode(), dice.randbytes(8), b"%ff%zz%", b"AAAA", b"CAMSAnh4"))
