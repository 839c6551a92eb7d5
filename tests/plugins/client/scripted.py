"""Servers that do what a test says, right or wrong."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import Event, RequestReceived, StreamEnded

from plugins.client import Client, ClientError, Endpoint

SECONDS = 20.0

Script = Callable[["Peer"], None]


class Peer:
    """The server's end of one connection. ``number`` counts the connections from 0."""

    def __init__(self, connected: socket.socket, number: int) -> None:
        connected.settimeout(SECONDS)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = connected
        self.number = number
        self.h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._events: list[Event] = []

    def greet(self) -> None:
        self.h2.initiate_connection()
        self.send()

    def until(self, kind: type[Event]) -> Any:
        """The next event of this kind; those before it are dropped."""
        while True:
            while self._events:
                event = self._events.pop(0)
                if isinstance(event, kind):
                    return event
            data = self.socket.recv(1 << 16)
            if not data:
                raise ConnectionError("the client is gone")
            self._events += self.h2.receive_data(data)
            self.send()

    def answer(self, stream: int, *messages: bytes) -> None:
        """Headers and whole messages, each with its five bytes before it."""
        self.h2.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
        for message in messages:
            self.h2.send_data(stream, b"\0" + len(message).to_bytes(4, "big") + message)
        self.send()

    def finish(self, stream: int, status: int = 0) -> None:
        self.h2.send_headers(stream, [("grpc-status", str(status))], end_stream=True)
        self.send()

    def send(self) -> None:
        self.socket.sendall(self.h2.data_to_send())

    def hang_up(self) -> None:
        """Gently: what was sent still arrives."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
            self.until_gone()

    def until_gone(self) -> None:
        """Takes what comes without understanding it, until the client is gone."""
        with contextlib.suppress(ConnectionError):
            while self.socket.recv(1 << 16):
                pass


@contextmanager
def scripted(script: Script) -> Iterator[str]:
    """The address of a server that does with every connection what the script says, and then says no more on it.
    What a script raises comes out at the end."""
    problems: list[BaseException] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            number = 0
            while True:
                connected, _ = listening.accept()
                with connected:
                    if over.is_set():
                        return
                    try:
                        peer = Peer(connected, number)
                        script(peer)
                        peer.hang_up()
                    except BaseException as problem:
                        problems.append(problem)
                number += 1

        over = threading.Event()
        thread = threading.Thread(target=serve)
        thread.start()
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        try:
            yield address
        finally:
            over.set()
            socket.create_connection(listening.getsockname()).close()
            thread.join(SECONDS)
    if problems:
        raise problems[0]


def request(peer: Peer) -> int:
    """Takes one whole request of a client; gives its stream."""
    stream: int = peer.until(RequestReceived).stream_id
    peer.until(StreamEnded)
    return stream


def failure(address: str, *, timeout: float = 20) -> ClientError:
    with Client(Endpoint(address)) as client, pytest.raises(ClientError) as caught:
        client.list_filters(timeout=timeout)
    return caught.value


def ids(client: Client) -> list[str]:
    return [found.id for found in client.list_filters().filters]
