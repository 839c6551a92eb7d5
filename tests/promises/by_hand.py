"""A gRPC call made by hand, which sends and reads as little at a time as a test wants."""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager

from google.protobuf.message import Message

from plugins.client.vendor.h2 import connection as h2
from plugins.client.vendor.h2 import events


@contextmanager
def call_by_hand(address: str, method: str, *, source: str = "127.0.0.1") -> Iterator[CallByHand]:
    """A call of "/package.Service/Method" on a connection of its own, from the address ``source``."""
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=20, source_address=(source, 0)) as connection:
        yield CallByHand(connection, method)


class CallByHand:
    """``taken`` counts the bytes of the answer's messages that came, ``headers`` are those of its begin and end, and
    ``has_ended`` says whether the server has ended it. Nothing is read beyond HTTP/2's first 65,535 bytes unless
    ``read`` grants it."""

    def __init__(self, connection: socket.socket, method: str) -> None:
        self._socket = connection
        self._http = h2.H2Connection()
        self._http.initiate_connection()
        self._stream = self._http.get_next_available_stream_id()
        self._method = method
        self._has_begun = False
        self.taken = 0
        self.headers: dict[str, str] = {}
        self.has_ended = False
        self._flush()

    def begin(self) -> None:
        """Calls, which sending does as well."""
        if not self._has_begun:
            self._has_begun = True
            names = {":method": "POST", ":scheme": "http", ":path": self._method, ":authority": "localhost"}
            more = {"te": "trailers", "content-type": "application/grpc"}
            self._http.send_headers(self._stream, [*(names | more).items()])
            self._flush()

    def send(self, *messages: Message, close: bool = False) -> None:
        """Sends whole messages."""
        for message in messages:
            self.send_bytes(framed(message))
        if close:
            self._http.end_stream(self._stream)
            self._flush()

    def send_bytes(self, part: bytes) -> None:
        """Sends a part of a message's frame, as soon as the server has room for it."""
        self.begin()
        while part:
            room = min(
                self._http.local_flow_control_window(self._stream), self._http.max_outbound_frame_size, len(part)
            )
            if room:
                self._http.send_data(self._stream, part[:room])
                part = part[room:]
                self._flush()
            else:
                self.wait(1)

    def read(self, size: int) -> None:
        """Lets the server send this many bytes more."""
        self._http.increment_flow_control_window(size)
        self._http.increment_flow_control_window(size, self._stream)
        self._flush()

    def wait(self, seconds: float) -> bool:
        """Takes what comes within this time, answers pings, and returns whether anything came."""
        if not select.select([self._socket], [], [], seconds)[0]:
            return False
        try:
            came = self._socket.recv(1 << 16)
        except ConnectionError:
            came = b""
        if not came:
            self.has_ended = True
        for event in self._http.receive_data(came):
            self._note(event)
        self._flush()
        return bool(came)

    def await_end(self, seconds: float = 20) -> None:
        """Takes what comes until the server ends the call. Raises TimeoutError."""
        until = time.monotonic() + seconds
        while not self.has_ended:
            if time.monotonic() > until:
                raise TimeoutError("the server has not ended the call")
            self.wait(0.5)

    def _note(self, event: events.Event) -> None:
        if isinstance(event, events.DataReceived):
            self.taken += len(event.data)
        elif isinstance(event, (events.ResponseReceived, events.TrailersReceived)):
            self.headers |= {_text(name): _text(value) for name, value in event.headers}
        elif isinstance(event, (events.StreamEnded, events.StreamReset, events.ConnectionTerminated)):
            self.has_ended = True

    def _flush(self) -> None:
        try:
            self._socket.sendall(self._http.data_to_send())
        except ConnectionError:  # the server has ended the connection
            self.has_ended = True


def framed(message: Message) -> bytes:
    """The message as it stands on the wire."""
    raw = message.SerializeToString()
    return struct.pack(">?I", False, len(raw)) + raw


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
