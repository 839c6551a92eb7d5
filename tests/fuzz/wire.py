"""The wire's smallest parts: numbers and fields of protocol buffers, frames of gRPC and HTTP/2."""

from __future__ import annotations

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RESET, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, END_HEADERS = 1, 4


def varint(value: int) -> bytes:
    """A whole number, at least 0, seven bits a byte.

    >>> varint(300).hex()
    'ac02'
    """
    made = bytearray()
    while value > 127:
        made.append(value & 127 | 128)
        value >>= 7
    return bytes((*made, value))


def field(number: int, wire_type: int, value: bytes) -> bytes:
    """A field of a message; of a text, bytes or a message with its length.

    >>> field(1, 2, b"ab").hex()
    '0a026162'
    """
    return varint(number << 3 | wire_type) + (varint(len(value)) if wire_type == 2 else b"") + value


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """A frame of HTTP/2.

    >>> frame(PING, 0, 0, bytes(8)).hex()
    '0000080600000000000000000000000000'
    """
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def in_grpc(message: bytes) -> bytes:
    """A message as gRPC frames it.

    >>> in_grpc(b"ab").hex()
    '00000000026162'
    """
    return b"\0" + len(message).to_bytes(4, "big") + message
