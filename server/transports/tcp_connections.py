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

_Peer = tuple[str, int]


@dataclass(frozen=True)
class ConnectionBytes:
    """What the peer has acknowledged, and what came of it, since the connection began."""

    acknowledged: int
    received: int


class ConnectionCounters:
    """Remembers which descriptor is whose: where there are many, to look at all of them takes milliseconds. For one
    thread."""

    def __init__(self) -> None:
        self._numbers: dict[_Peer, int] = {}

    def of(self, peer: str) -> ConnectionBytes | None:
        """Of the connection to ``peer``, as gRPC names it ("ipv4:127.0.0.1:4711"). None where the system does not tell;
        Linux does."""
        address = _address(peer)
        if sys.platform != "linux" or address is None:
            return None
        counted = self._counted(address)
        if counted is None:
            self._numbers = {found: number for number, found in _connections()}
            counted = self._counted(address)
        return counted

    def _counted(self, address: _Peer) -> ConnectionBytes | None:
        connection = _opened(self._numbers.get(address, -1))
        if connection is None:
            return None
        with connection:  # which may be another's by now
            return _counted(connection) if _peer_of(connection) == address else None


def end_connection(peer: str) -> None:
    """Ends the connection to ``peer`` with all that is on its way, where it can be found."""
    address = _address(peer)
    for number in [number for number, found in _connections() if found == address]:
        connection = _opened(number)
        if connection is None:
            continue
        with connection, contextlib.suppress(OSError):  # it has ended meanwhile
            if _peer_of(connection) == address:
                connection.shutdown(socket.SHUT_RDWR)


def _address(peer: str) -> _Peer | None:
    kind, _, rest = unquote(peer).partition(":")
    host, _, port = rest.rpartition(":")
    if kind not in ("ipv4", "ipv6") or not port.isdecimal():
        return None
    return _plain(host.strip("[]")), int(port)


def _connections() -> Iterator[tuple[int, _Peer]]:
    """Descriptors, and who is at the other end."""
    for number in _descriptors():
        connection = _opened(number)
        if connection is None:
            continue
        with connection:
            found = _peer_of(connection)
        if found is not None:
            yield number, found


def _opened(number: int) -> socket.socket | None:
    try:
        if not stat.S_ISSOCK(os.fstat(number).st_mode):
            return None
        return socket.socket(fileno=os.dup(number))
    except OSError:  # closed meanwhile, or no socket at all
        return None


def _descriptors() -> list[int]:
    try:
        return [int(path.name) for path in _DESCRIPTORS.iterdir()]
    except OSError:
        return []


def _peer_of(connection: socket.socket) -> _Peer | None:
    try:
        host, port, *_ = connection.getpeername()
    except (OSError, ValueError):  # it listens, or has no such address
        return None
    return _plain(host), port


def _plain(host: str) -> str:
    """IPv4 written as IPv6 is the same host."""
    return host.removeprefix("::ffff:")


def _counted(connection: socket.socket) -> ConnectionBytes | None:
    size = _COUNTERS_OFFSET + _COUNTERS.size
    try:
        told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, size)
    except OSError:
        return None
    return ConnectionBytes(*_COUNTERS.unpack_from(told, _COUNTERS_OFFSET)) if len(told) == size else None
