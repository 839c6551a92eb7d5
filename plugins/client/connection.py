"""One HTTP/2 connection, for one gRPC call at a time: bytes out and in, without ever waiting on one side only."""

from __future__ import annotations

import contextlib
import selectors
import ssl
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

from . import errors
from .cancel import Cancel
from .endpoint import Endpoint, connect
from .vendor.h2 import config as h2_config
from .vendor.h2 import connection as h2_connection
from .vendor.h2 import events as h2_events
from .vendor.h2 import exceptions as h2_exceptions
from .vendor.h2 import settings as h2_settings
from .wire import Buffer

WINDOW = 16 << 20  # bytes that the server may send before we say that we took them
FRAME = 1 << 20  # the largest frame that we take
RECEIVE = 1 << 18
OUTGOING = 1 << 20  # bytes that wait in here for the socket, at most; the rest waits with the caller

Headers = list[tuple[str, str]]


class DeadlinePassed(Exception):
    """The call's own deadline; the caller knows how long it was."""


class Connection:
    """Connects at once. Raises ClientError from every method when the connection fails; it is then of no use."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._address = endpoint.address
        self._socket = connect(endpoint)
        self._socket.setblocking(False)
        self._out: deque[memoryview] = deque()
        self._h2 = h2_connection.H2Connection(
            h2_config.H2Configuration(
                client_side=True,
                header_encoding="utf-8",
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
                validate_inbound_headers=False,
            )
        )
        self._h2.initiate_connection()
        self._h2.update_settings(
            {
                h2_settings.SettingCodes.INITIAL_WINDOW_SIZE: WINDOW,
                h2_settings.SettingCodes.MAX_FRAME_SIZE: FRAME,
                h2_settings.SettingCodes.ENABLE_PUSH: 0,
            }
        )
        self._h2.increment_flow_control_window(WINDOW - 65535)
        self._taken = 0
        self._greeted = False  # whether the other side has shown that it speaks HTTP/2
        self.usable = True

    def close(self) -> None:
        self.usable = False
        self._socket.close()

    def call(
        self,
        headers: Headers,
        outgoing: Iterator[Buffer],
        *,
        cancel: Cancel | None,
        deadline: float | None,
        silence: float | None,
    ) -> Iterator[Any]:
        """Sends the headers and the outgoing bytes, and gives h2's events of the answer as they come, to its end.

        ``deadline`` is on time.monotonic()'s clock; after ``silence`` seconds without a byte either way the connection
        counts as lost. When the generator is closed early, the server is told.
        """
        stream = self._h2.get_next_available_stream_id()
        upload = _Upload(outgoing)
        try:
            self._h2.send_headers(stream, headers)
            while True:
                self._offer(stream, upload)
                for event in self._exchange(cancel, deadline, silence):
                    yield event
                    if isinstance(event, (h2_events.StreamEnded, h2_events.StreamReset)):
                        return
        except h2_exceptions.ProtocolError as error:
            self.close()
            raise errors.not_ours(self._address) from error
        except errors.ConnectionLost:
            self.close()
            raise
        finally:
            self._abandon(stream)

    def _offer(self, stream: int, upload: _Upload) -> None:
        """Gives h2 what the windows and our own buffer have room for."""
        waiting = sum(len(part) for part in self._out)
        while not upload.ended and waiting < OUTGOING:
            room = min(self._h2.local_flow_control_window(stream), self._h2.max_outbound_frame_size)
            part = upload.take(room)
            if part is None:
                return
            self._h2.send_data(stream, part, end_stream=upload.ended)
            data = self._h2.data_to_send()
            self._out.append(memoryview(data))
            waiting += len(data)

    def _exchange(self, cancel: Cancel | None, deadline: float | None, silence: float | None) -> list[Any]:
        """Waits until something can be sent or has come, and does that."""
        pending = self._h2.data_to_send()
        if pending:
            self._out.append(memoryview(pending))
        readable, writable = self._wait(cancel, deadline, silence)
        if writable:
            self._send()
        return self._receive() if readable else []

    def _wait(self, cancel: Cancel | None, deadline: float | None, silence: float | None) -> tuple[bool, bool]:
        if cancel is not None and cancel.cancelled:
            raise errors.Cancelled
        limits = [] if silence is None else [silence]
        limits += [] if deadline is None else [max(deadline - time.monotonic(), 0.0)]
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            return True, bool(self._out)
        ready = self._select(cancel, min(limits, default=None))
        if cancel is not None and cancel.cancelled:
            raise errors.Cancelled
        if deadline is not None and time.monotonic() >= deadline:
            raise DeadlinePassed
        if not ready:
            assert silence is not None
            raise errors.silent(self._address, silence) if self._greeted else errors.not_ours(self._address)
        return bool(ready & selectors.EVENT_READ), bool(ready & selectors.EVENT_WRITE)

    def _select(self, cancel: Cancel | None, seconds: float | None) -> int:
        """What the socket is ready for. Not select.select, which fails in editors with more than 1024 open files."""
        with selectors.DefaultSelector() as selector:
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._out else 0)
            socket_key = selector.register(self._socket, wanted)
            if cancel is not None:
                selector.register(cancel.wait_on, selectors.EVENT_READ)
            return sum(events for key, events in selector.select(seconds) if key == socket_key)

    def _send(self) -> None:
        try:
            while self._out:
                sent = self._socket.send(self._out[0])
                if sent < len(self._out[0]):
                    self._out[0] = self._out[0][sent:]
                    return
                self._out.popleft()
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError:
            # What the server said before it went may still be there to be read, and says more.
            self._out.clear()

    def _receive(self) -> list[Any]:
        try:
            data = self._socket.recv(RECEIVE)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return []
        except OSError as error:
            raise self._ended() from error
        if not data:
            raise self._ended()
        return [event for event in self._h2.receive_data(data) if self._keep(event)]

    def _ended(self) -> errors.ClientError:
        return errors.connection_ended(self._address) if self._greeted else errors.not_ours(self._address)

    def _keep(self, event: Any) -> bool:
        """Windows and the connection's own end are dealt with here; the caller sees the rest."""
        if isinstance(event, h2_events.DataReceived):
            self._take(event.stream_id, event.flow_controlled_length or 0)
        elif isinstance(event, h2_events.RemoteSettingsChanged):
            self._greeted = True
        elif isinstance(event, h2_events.ConnectionTerminated):
            self.usable = False  # for further calls; this one may still be finished
            if event.error_code:
                raise self._ended()
        return isinstance(
            event,
            (
                h2_events.ResponseReceived,
                h2_events.DataReceived,
                h2_events.TrailersReceived,
                h2_events.StreamEnded,
                h2_events.StreamReset,
            ),
        )

    def _take(self, stream: int, count: int) -> None:
        """Opens the windows again a quarter at a time: an update for every frame costs more than it helps."""
        self._taken += count
        if self._taken >= WINDOW // 4:
            with contextlib.suppress(h2_exceptions.StreamClosedError, h2_exceptions.ProtocolError):
                self._h2.increment_flow_control_window(self._taken, stream)
            self._h2.increment_flow_control_window(self._taken)
            self._taken = 0

    def _abandon(self, stream: int) -> None:
        """Tells the server that nobody waits any more, unless the call is over on both sides."""
        if not self.usable:
            return
        try:
            self._h2.reset_stream(stream, error_code=8)  # CANCEL
        except h2_exceptions.ProtocolError:
            return  # it is over
        # It goes behind what h2 has framed already, and may not wait for a full socket.
        self._out.append(memoryview(self._h2.data_to_send()))
        self._send()
        if self._out:
            self.close()


class _Upload:
    """The bytes to send, cut to what there is room for. ``ended`` once the last one was taken."""

    def __init__(self, parts: Iterator[Buffer]) -> None:
        self._parts = parts
        self._part = memoryview(b"")
        self.ended = False
        self._next()

    def take(self, room: int) -> memoryview | None:
        """None when there is no room for anything."""
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
