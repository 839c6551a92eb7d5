"""Frames of HTTP/2 as they must not be, on connections that begin well or badly."""

from __future__ import annotations

import contextlib
import socket
from random import Random

from h2.config import H2Configuration
from h2.connection import H2Connection

from tests.fuzz import wire
from tests.fuzz.dice import NUMBERS, mutated, shuffled
from tests.fuzz.holding import check_text
from tests.fuzz.target import Target

HEADERS = (
    (":method", "POST"),
    (":scheme", "http"),
    (":path", "/pleinair.v1.FilterService/ListFilters"),
    (":authority", "localhost"),
    ("content-type", "application/grpc"),
    ("te", "trailers"),
)
_PATIENCE = 0.03  # seconds for an answer, on a connection that the server does not close


class Frames:
    """To one server. An attempt is a connection of its own."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def attempt(self, dice: Random) -> None:
        """Raises Broken when the answer tells what it must not."""
        sent = _whole_call() if dice.random() < 0.6 else [wire.PREFACE]
        sent = shuffled(sent, dice)
        for _ in range(dice.choice((0, 1, 2, 20))):
            sent.insert(dice.randint(min(1, len(sent)), len(sent)), _any_frame(dice))
        check_text(answer(self._target.address, b"".join(sent)), *self._target.places)


def answer(address: str, sent: bytes) -> str:
    """What comes back within a moment, or until the server closes."""
    host, port = address.split(":")
    received = bytearray()
    with socket.create_connection((host, int(port)), timeout=10) as connected, contextlib.suppress(OSError):
        connected.sendall(sent)
        connected.settimeout(_PATIENCE)
        while part := connected.recv(1 << 16):
            received += part
    return received.decode("latin-1")


def _whole_call() -> list[bytes]:
    """The parts of a connection that asks for the filters."""
    peer = H2Connection(H2Configuration(client_side=True))
    peer.initiate_connection()
    opening = peer.data_to_send()
    peer.send_headers(1, HEADERS)
    asking = peer.data_to_send()
    peer.send_data(1, wire.in_grpc(b""), end_stream=True)
    return [opening[: len(wire.PREFACE)], opening[len(wire.PREFACE) :], asking, peer.data_to_send()]


def _any_frame(dice: Random) -> bytes:
    kind = dice.choice((*range(10), 11, 255))
    stream = dice.choice((0, 1, 1, 1, 3, 5, 2, (1 << 31) - 1, 1 << 31))
    made = wire.frame(kind, dice.choice((0, 1, 4, 5, 8, 0x20, 0x29, 255)), stream, _payload(kind, dice))
    return mutated(made, dice) if dice.random() < 0.3 else made


def _payload(kind: int, dice: Random) -> bytes:
    match kind:
        case wire.SETTINGS:
            names = (dice.choice((*range(8), 65535)) for _ in range(dice.choice((0, 1, 6, 100))))
            return b"".join(name.to_bytes(2, "big") + _four(dice) for name in names)
        case wire.WINDOW | wire.RESET:
            return _four(dice)
        case wire.GOAWAY | wire.PING:
            return _four(dice) + _four(dice)
        case _:
            return dice.randbytes(dice.choice((0, 1, 5, 8, 9, 100, 16384, 16385)))


def _four(dice: Random) -> bytes:
    return (dice.choice(NUMBERS) & 0xFFFFFFFF).to_bytes(4, "big")
