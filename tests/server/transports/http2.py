"""HTTP/2 by hand, for what no client library would do: frames as RFC 9113 writes them, headers as literals of RFC
7541."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
CANCEL = struct.pack(">I", 8)
_HEADERS, _RESET, _SETTINGS, _END_HEADERS = 1, 3, 4, 4


def hello() -> bytes:
    """What a client says first."""
    return PREFACE + frame(_SETTINGS, 0, 0, b"")


def opened(streams: range, path: str) -> bytes:
    """Calls of a method that never send a message."""
    named = {
        ":method": "POST",
        ":scheme": "http",
        ":path": path,
        ":authority": "test",
        "te": "trailers",
        "content-type": "application/grpc",
    }
    block = b"".join(_literal(name.encode()) + _literal(value.encode(), b"") for name, value in named.items())
    return b"".join(frame(_HEADERS, _END_HEADERS, stream, block) for stream in streams)


def reset(streams: range) -> bytes:
    """The end of those calls."""
    return b"".join(frame(_RESET, 0, stream, CANCEL) for stream in streams)


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


@contextmanager
def sockets(address: str, count: int, said: bytes) -> Iterator[list[socket.socket]]:
    """Connections that have said something each and now wait."""
    host, port = address.split(":")
    with ExitStack() as stack:
        made = [stack.enter_context(socket.create_connection((host, int(port)), timeout=30)) for _ in range(count)]
        for one in made:
            one.sendall(said)
        yield made


def _literal(text: bytes, before: bytes = b"\x00") -> bytes:
    return before + bytes([len(text)]) + text
