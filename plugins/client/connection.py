"""One HTTP/2 connection, for one gRPC call at a time. It never waits only to send or only to receive."""

from __future__ import annotations

import contextlib
import selectors
import ssl
from collections import deque
from collections.abc import Iterator
from typing import Any

from . import errors
from .dialling import connect
from .endpoint import Endpoint
from .vendor.h2 import config as h2_config
from .vendor.h2 import connection as h2_connection
from .vendor.h2 import events as h2_events
from .vendor.h2 import exceptions as h2_exceptions
from .vendor.h2 import settings as h2_settings
from .waiting import Patience
from .wire import Buffer

WINDOW = 16 << 20  # bytes that the server may send before we acknowledge them
FRAME = 1 << 20  # bytes of the largest frame that we accept
RECEIVE = 1 << 18
OUTGOING = 1 << 20  # most bytes buffered here for the socket; the rest stays with the caller
GREETING_SECONDS = 10.0
CANCEL = 8  # HTTP/2's error code
SETTINGS = b"\4"  # fourth byte of the first frame in HTTP/2: the frame's type

Headers = list[tuple[str, str]]

_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_OF_THE_CALL = (
    h2_events.ResponseReceived,
    h2_events.DataReceived,
    h2_events.TrailersReceived,
    h2_events.StreamEnded,
    h2_events.StreamReset,
)


class Connection:
    """A connection, opened when it is created. Raises ClientError when it fails, after which it cannot be used."""

    def __init__(self, endpoint: Endpoint, patience: Patience) -> None:
        self._address = endpoint.address
        self._socket = connect(endpoint, patience)
        self._incoming = memoryview(bytearray(RECEIVE))
        self._out: deque[memoryview] = deque()
        self._h2 = _http2()
        self._taken = 0
        self.busy = False  # whether a call is running
        self._silent_yet = True  # whether the other side has sent nothing at all
        self._greeted = False  # whether it has shown that it speaks HTTP/2
        self._last = False  # whether the server accepts no more calls
        self._dropped = False  # whether the running call will not be answered
        self._closed = False

    def close(self) -> None:
        self._closed = True
        self._socket.close()

    @property
    def usable(self) -> bool:
        """Returns whether a call can begin: none is running, and the server has not closed the connection."""
        if self.busy or self._closed:
            return False
        try:
            self._receive(0)
        except (errors.ClientError, h2_exceptions.ProtocolError):
            self.close()
        return not (self._closed or self._last)

    def call(
        self, headers: Headers, outgoing: Iterator[Buffer], patience: Patience, *, silence: float | None
    ) -> Iterator[Any]:
        """Sends the headers and the outgoing bytes, and yields h2's events of the answer as they come, until it ends.

        The connection counts as lost after ``silence`` seconds without a byte in either direction (None: never).
        Closing the generator early cancels the call on the server.
        """
        stream = self._h2.get_next_available_stream_id()
        upload = _Upload(outgoing)
        self.busy, answered = True, False
        try:
            self._h2.send_headers(stream, headers)
            while not answered:
                self._offer(stream, upload)
                for event in self._exchange(stream, patience, silence):
                    answered = answered or isinstance(event, (h2_events.StreamEnded, h2_events.StreamReset))
                    yield event
        except h2_exceptions.ProtocolError as error:
            self.close()
            raise errors.not_ours(self._address) from error
        except errors.ConnectionLost:
            self.close()
            raise
        finally:
            self.busy = False
            if not (answered and upload.ended):
                self._abandon(stream)

    def _offer(self, stream: int, upload: _Upload) -> None:
        """Passes h2 as many bytes as the flow control windows and our own buffer have room for."""
        waiting = sum(len(part) for part in self._out)
        while not upload.ended and waiting < OUTGOING:
            room = min(self._h2.local_flow_control_window(stream), self._h2.max_outbound_frame_size)
            part = upload.take(room)
            if part is None:
                return
            self._h2.send_data(stream, part, end_stream=upload.ended)
            waiting += self._frame()

    def _frame(self) -> int:
        """Moves what h2 wants to send into our own buffer; returns the number of bytes."""
        data = self._h2.data_to_send()
        if data:
            self._out.append(memoryview(data))
        return len(data)

    def _exchange(self, stream: int, patience: Patience, silence: float | None) -> list[Any]:
        """Waits until bytes can be sent or received, does so, and returns the events of the stream."""
        if self._dropped:
            raise self._ended()
        self._frame()
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            patience.check()
            return self._receive(stream)
        limit = silence if self._greeted else min(silence or GREETING_SECONDS, GREETING_SECONDS)
        ready = patience.wait(self._socket, read=True, write=bool(self._out), seconds=limit)
        if not ready:
            raise errors.silent(self._address, limit or 0.0)
        if ready & selectors.EVENT_WRITE:
            self._send()
        return self._receive(stream) if ready & selectors.EVENT_READ else []

    def _send(self) -> None:
        try:
            while self._out:
                sent = self._socket.send(self._out[0])
                if sent < len(self._out[0]):
                    self._out[0] = self._out[0][sent:]
                    return
                self._out.popleft()
        except _NOT_NOW:
            pass
        except OSError:
            # What the server sent before it closed may still be waiting to be read, and tells more than this error.
            self._out.clear()

    def _receive(self, stream: int) -> list[Any]:
        """Returns the events of the stream. Reads repeatedly, since one read from TLS gives 16 KiB at most."""
        filled, open_still = 0, True
        try:
            while open_still and filled < RECEIVE:
                count = self._socket.recv_into(self._incoming[filled:])
                filled, open_still = filled + count, bool(count)
        except _NOT_NOW:
            pass
        except OSError:
            open_still = False
        if not (filled or open_still):
            raise self._ended()
        data = bytes(self._incoming[:filled])
        if self._silent_yet and data[3:4] not in (b"", SETTINGS):
            raise errors.not_ours(self._address)
        self._silent_yet = self._silent_yet and not data
        events = self._h2.receive_data(data) if data else []
        return [event for event in events if self._concerns(stream, event)]

    def _ended(self) -> errors.ClientError:
        return errors.connection_ended(self._address) if self._greeted else errors.hung_up(self._address)

    def _concerns(self, stream: int, event: Any) -> bool:
        """Returns whether the event is for the caller. Handles windows, settings and the connection's end itself."""
        if isinstance(event, h2_events.DataReceived):
            self._take(event.stream_id, event.flow_controlled_length or 0)
        elif isinstance(event, h2_events.RemoteSettingsChanged):
            self._greeted = True
        elif isinstance(event, h2_events.ConnectionTerminated):
            self._last = True
            # Not raised here: the end of the call itself may have arrived just before.
            self._dropped = bool(event.error_code) or (event.last_stream_id or 0) < stream
        return isinstance(event, _OF_THE_CALL) and event.stream_id == stream

    def _take(self, stream: int, count: int) -> None:
        """Reopens the windows a quarter at a time: an update for every frame would cost more than it gains."""
        self._taken += count
        if self._taken >= WINDOW // 4:
            with contextlib.suppress(h2_exceptions.ProtocolError):  # the stream may be over
                self._h2.increment_flow_control_window(self._taken, stream)
            self._h2.increment_flow_control_window(self._taken)
            self._taken = 0

    def _abandon(self, stream: int) -> None:
        """Cancels the stream, so that the server stops working for it."""
        if self._closed:
            return
        with contextlib.suppress(h2_exceptions.ProtocolError):  # the stream may be over
            self._h2.reset_stream(stream, error_code=CANCEL)
        # The reset queues behind frames that already wait. It must not block: if the socket is full, close it instead.
        self._frame()
        self._send()
        if self._out:
            self.close()


class _Http2(h2_connection.H2Connection):  # type: ignore[misc]
    def receive_data(self, data: bytes) -> list[Any]:
        """Whatever else h2 and its parts raise over what they read (UnicodeDecodeError, for one) is the other side's
        breach of the protocol too."""
        try:
            return list(super().receive_data(data))
        except (h2_exceptions.ProtocolError, MemoryError):
            raise
        except Exception as error:
            raise h2_exceptions.ProtocolError(str(error)) from error

    def _receive_goaway_frame(self, frame: Any) -> tuple[list[Any], list[Any]]:
        """Keeps the connection open, unlike h2: the server may still finish running calls (RFC 9113, 6.8)."""
        event = h2_events.ConnectionTerminated()
        event.error_code = frame.error_code
        event.last_stream_id = frame.last_stream_id
        return [], [event]


def _http2() -> _Http2:
    made = _Http2(
        h2_config.H2Configuration(
            client_side=True,
            header_encoding="utf-8",
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
            validate_inbound_headers=False,
        )
    )
    # Valid from the first frame on, not once acknowledged: servers send larger frames before they acknowledge them.
    made.local_settings = h2_settings.Settings(
        client=True,
        initial_values={
            h2_settings.SettingCodes.INITIAL_WINDOW_SIZE: WINDOW,
            h2_settings.SettingCodes.MAX_FRAME_SIZE: FRAME,
            h2_settings.SettingCodes.ENABLE_PUSH: 0,
        },
    )
    made.max_inbound_frame_size = FRAME
    made.initiate_connection()
    made.increment_flow_control_window(WINDOW - 65535)
    return made


class _Upload:
    """Cuts the bytes to send to what there is room for. ``ended`` is True once the last byte was taken."""

    def __init__(self, parts: Iterator[Buffer]) -> None:
        self._parts = parts
        self._part = memoryview(b"")
        self.ended = False
        self._next()

    def take(self, room: int) -> memoryview | None:
        """Returns the next bytes, at most ``room`` of them; None when there is no room for any."""
        if room <= 0 and len(self._part):
            return None
        taken, self._part = self._part[:room], self._part[room:]
        if not len(self._part):
            self._next()
        return taken

    def _next(self) -> None:
        for part in self._parts:
            self._part = memoryview(part).cast("B")
            if len(self._part):
                return
        self.ended = True
