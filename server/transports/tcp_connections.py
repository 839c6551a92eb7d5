"""This process's TCP connections, found by who is at the other end: what they have moved, and their end."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

# tcpi_bytes_acked and tcpi_bytes_received of Linux's struct tcp_info (since Linux 4.2).
_COUNTERS = struct.Struct("@QQ")
_COUNTERS_OFFSET = 120
_DESCRIPTORS = Path("/dev/fd")


@dataclass(frozen=True)
class ConnectionBytes:
    """What the peer has acknowledged, and what came of it, since the connection began."""

    acknowledged: int
    received: int


def connection_bytes(peer: str) -> ConnectionBytes | None:
    """Of the connection to ``peer``, as gRPC names it ("ipv4:127.0.0.1:4711"). None where the system does not tell;
    Linux does."""
    if sys.platform != "linux":
        return None
    return next(filter(None, map(_counted, _connections_to(peer))), None)


def end_connection(peer: str) -> None:
    """Ends the connection to ``peer`` with all that is on its way, where it can be found."""
    for connection in _connections_to(peer):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            connection.shutdown(socket.SHUT_RDWR)


def _address(peer: str) -> tuple[str, int] | None:
    kind, _, rest = unquote(peer).partition(":")
    host, _, port = rest.rpartition(":")
    if kind not in ("ipv4", "ipv6") or not port.isdecimal():
        return None
    return host.strip("[]"), int(port)


def _connections_to(peer: str) -> Iterator[socket.socket]:
    host, port = _address(peer) or ("", 0)
    for number in _descriptors() if port else []:
        try:
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            connection = socket.socket(fileno=os.dup(number))
        except OSError:  # closed meanwhile, or no socket at all
            continue
        with connection:
            if _peer_of(connection) in ((host, port), (f"::ffff:{host}", port)):
                yield connection


def _descriptors() -> list[int]:
    try:
        return [int(path.name) for path in _DESCRIPTORS.iterdir()]
    except OSError:
        return []


def _peer_of(connection: socket.socket) -> tuple[str, int] | None:
    try:
        host, port, *_ = connection.getpeername()
    except (OSError, ValueError):  # it listens, or has no such address
        return None
    return host, port


def _counted(connection: socket.socket) -> ConnectionBytes | None:
    size = _COUNTERS_OFFSET + _COUNTERS.size
    try:
        told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, size)
    except OSError:
        return None
    return ConnectionBytes(*_COUNTERS.unpack_from(told, _COUNTERS_OFFSET)) if len(told) == size else None
