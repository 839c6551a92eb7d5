"""Connections with many calls at once whose caller goes in the middle of them, in one way or another."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from random import Random

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.exceptions import ProtocolError

from tests.fuzz import wire
from tests.fuzz.frames import HEADERS
from tests.fuzz.messages import message
from tests.fuzz.methods import KNOWN, METHODS
from tests.fuzz.right import right_requests
from tests.fuzz.target import Target

_CANCEL = 8
_AT_ONCE_GONE = struct.pack("ii", 1, 0)  # SO_LINGER: the system resets the connection
_MOMENTS = (0.0, 0.0, 0.002, 0.02)  # seconds


class Leaving:
    """Of one server. An attempt is a connection of its own."""

    def __init__(self, target: Target) -> None:
        host, port = target.address.split(":")
        self._address = (host, int(port))

    def attempt(self, dice: Random) -> None:
        """Leaves it to looks at the server to find out whether something does not hold."""
        peer = H2Connection(H2Configuration(client_side=True))
        peer.initiate_connection()
        with socket.create_connection(self._address, timeout=10) as connected, contextlib.suppress(OSError):
            for _ in range(dice.choice((1, 5, 30, 150))):
                _begin(peer, dice)
                if dice.random() < 0.1:
                    connected.sendall(peer.data_to_send())
            connected.sendall(peer.data_to_send())
            time.sleep(dice.choice(_MOMENTS))
            _leave(connected, peer, dice)


def _begin(peer: H2Connection, dice: Random) -> None:
    """A call with some of its messages, the last of them perhaps in part."""
    method, stream = dice.choice(METHODS), peer.get_next_available_stream_id()
    path = f"/{method.containing_service.full_name}/{method.name}"
    peer.send_headers(stream, [(name, path if name == ":path" else value) for name, value in HEADERS])
    right = [one.SerializeToString() for one in right_requests(method.name, dice)]
    sent = b"".join(map(wire.in_grpc, right or [message(method.input_type, dice, KNOWN)]))[:1000]
    with contextlib.suppress(ProtocolError):  # the connection's window is full
        peer.send_data(stream, sent[: dice.choice((0, 3, 20, len(sent)))], end_stream=dice.random() < 0.3)


def _leave(connected: socket.socket, peer: H2Connection, dice: Random) -> None:
    match dice.randrange(4):
        case 0:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE_GONE)
        case 1:
            connected.shutdown(socket.SHUT_WR)
            time.sleep(dice.choice(_MOMENTS))
        case 2:
            resets = (wire.frame(wire.RESET, 0, stream, _CANCEL.to_bytes(4, "big")) for stream in range(1, 301, 2))
            connected.sendall(b"".join(resets))
        case _:
            peer.close_connection()
            connected.sendall(peer.data_to_send())
