"""gRPC over an HTTP/2 connection: message frames, deadlines and the status of a call."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterator
from typing import Any, TypeVar
from urllib.parse import unquote

from . import errors
from .codec import Field, Message, decode, encode_parts
from .connection import Connection, Headers
from .endpoint import Endpoint
from .vendor.h2 import events as h2_events
from .waiting import Patience
from .wire import Buffer, WireError

LARGEST_MESSAGE = 64 << 20  # bytes; a page of filters includes their thumbnails
SILENCE_SECONDS = 30.0  # the server sends something every few seconds while a client waits
CODES = (
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
)

_CODES = {str(number): code for number, code in enumerate(CODES)}

Answer = TypeVar("Answer", bound=Message)


class _Any(Message):
    __slots__ = ("type_url", "value")
    FIELDS = (Field(1, "type_url", kind="string"), Field(2, "value", kind="bytes"))

    def __init__(self) -> None:
        self.type_url, self.value = "", b""


class _Status(Message):
    """google.rpc.Status."""

    __slots__ = ("code", "details", "message")
    FIELDS = (
        Field(1, "code", kind="int32"),
        Field(2, "message", kind="string"),
        Field(3, "details", message=lambda: _Any, repeated=True),
    )

    def __init__(self) -> None:
        self.code, self.message = 0, ""
        self.details: list[_Any] = []


class _ErrorInfo(Message):
    """google.rpc.ErrorInfo without its metadata."""

    __slots__ = ("domain", "reason")
    FIELDS = (Field(1, "reason", kind="string"), Field(2, "domain", kind="string"))

    def __init__(self) -> None:
        self.reason, self.domain = "", ""


def call(
    connection: Connection,
    endpoint: Endpoint,
    path: str,
    requests: Iterator[Message],
    answer: type[Answer],
    patience: Patience,
    *,
    silence: float | None,
) -> Iterator[Answer]:
    """Yields the answers of a call as they come. ``path`` is /package.Service/Method. A connection on which no byte
    moves for ``silence`` seconds counts as lost (None: never).

    Raises ClientError. Closing the generator early cancels the call on the server.
    """
    headers = _headers(endpoint, path, patience.seconds_left)
    state = _Call(endpoint.address)
    with contextlib.closing(connection.call(headers, _frames(requests), patience, silence=silence)) as events:  # type: ignore[type-var]
        try:
            for event in events:
                for message in state.take(event):
                    yield decode(answer, message)
        except WireError as error:
            raise errors.not_ours(endpoint.address) from error
        except MemoryError as error:
            raise errors.too_large_for_memory() from error
    state.check()


def _headers(endpoint: Endpoint, path: str, seconds: float | None) -> Headers:
    token = endpoint.checked_token
    headers = [
        (":method", "POST"),
        (":scheme", "https" if endpoint.tls else "http"),
        (":path", path),
        (":authority", endpoint.address.strip()),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
        ("user-agent", "pleinair-plugin"),
    ]
    if seconds is not None:
        # The header allows eight digits at most, so a day or more is given in seconds.
        headers.append(("grpc-timeout", f"{max(1, round(seconds * 1000))}m" if seconds < 86400 else f"{seconds:.0f}S"))
    if token:
        headers.append(("authorization", f"Bearer {token}"))
    return headers


def _frames(requests: Iterator[Message]) -> Iterator[Buffer]:
    for request in requests:
        parts = encode_parts(request)
        yield b"\0" + sum(len(part) for part in parts).to_bytes(4, "big")
        yield from parts


class _Call:
    """Assembles the answer's messages and keeps its status."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._parts: list[bytes] = []
        self._waiting = 0
        self._trailers: dict[str, str] = {}
        self._reset = False

    def take(self, event: Any) -> Iterator[bytes]:
        """Yields the messages that the event completes. Raises ClientError for what no Pleinair server sends."""
        if isinstance(event, (h2_events.ResponseReceived, h2_events.TrailersReceived)):
            self._take_headers(dict(event.headers))
        elif isinstance(event, h2_events.StreamReset):
            self._reset = True
        elif isinstance(event, h2_events.DataReceived):
            self._parts.append(event.data)
            self._waiting += len(event.data)
            yield from self._messages()

    def check(self) -> None:
        """Raises ClientError unless the call ended well."""
        code = _CODES.get(self._trailers.get("grpc-status", ""))
        if code is None:
            raise errors.connection_ended(self._address)
        if code != "OK":
            raise self._failure(code)

    def _take_headers(self, headers: dict[str, str]) -> None:
        if headers.get(":status") in ("502", "503", "504"):
            raise errors.nobody_answers(self._address)  # the status comes from a proxy before the server
        if headers.get(":status", "200") != "200" or not headers.get("content-type", "application/grpc").startswith(
            "application/grpc"
        ):
            raise errors.not_ours(self._address)
        self._trailers.update(headers)

    def _messages(self) -> Iterator[bytes]:
        while self._waiting >= 5:
            if len(self._parts[0]) < 5:
                self._parts = [b"".join(self._parts)]
            size = int.from_bytes(self._parts[0][1:5], "big")
            if self._parts[0][0] or size > LARGEST_MESSAGE:
                raise errors.not_ours(self._address)  # compressed, which we never asked for, or absurdly large
            if self._waiting < 5 + size:
                return
            together = b"".join(self._parts) if len(self._parts) > 1 else self._parts[0]
            rest = together[5 + size :]
            self._parts, self._waiting = ([rest] if rest else []), len(rest)
            yield together[5 : 5 + size]

    def _failure(self, code: str) -> errors.ClientError:
        reason = _reason(self._trailers.get("grpc-status-details-bin", ""))
        if reason:
            return errors.told_by_server(code, reason, unquote(self._trailers.get("grpc-message", "")))
        if code == "UNIMPLEMENTED":
            return errors.unknown_call(self._address)
        if code in ("UNAVAILABLE", "CANCELLED"):  # cancelled, but not by us: the server is stopping
            return errors.connection_ended(self._address)
        return errors.failed(self._address, code)


def _reason(details: str) -> str:
    """Returns the reason in the google.rpc.ErrorInfo of a Pleinair server; empty if there is none."""
    try:
        status = decode(_Status, base64.b64decode(details + "=" * (-len(details) % 4)))
        for detail in status.details:
            if detail.type_url.endswith("/google.rpc.ErrorInfo"):
                info = decode(_ErrorInfo, detail.value)
                return info.reason if info.domain == "pleinair" else ""
    except ValueError:  # no base64, or no message
        pass
    return ""
