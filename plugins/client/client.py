"""A Pleinair server, as a plug-in sees it."""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Callable, TypeVar

from . import errors, messages, rpc
from .cancel import Cancel
from .codec import Field, Message
from .connection import Connection
from .endpoint import Endpoint
from .waiting import Patience
from .wire import Buffer

CHUNK_BYTES = 1 << 20

Answer = TypeVar("Answer", bound=Message)

_STAGES = {messages.Progress.Stage.QUEUED: "queued", messages.Progress.Stage.TRANSLATING: "translating"}
SAMPLE_BYTES = {
    messages.SampleType.UINT8: 1,
    messages.SampleType.UINT16: 2,
    messages.SampleType.FLOAT16: 2,
    messages.SampleType.FLOAT32: 4,
}


@dataclass(frozen=True)
class FilterList:
    filters: list[messages.Filter]
    rejected: list[messages.RejectedFile]


@dataclass(frozen=True)
class Translation:
    """The pixels in the format of the request, and what ran."""

    pixels: bytearray
    summary: messages.Summary


@dataclass(frozen=True)
class Progress:
    """``stage`` is sending, queued, translating or receiving; ``fraction`` (0 to 1) and ``seconds_left`` are of that
    stage, None when nobody knows; ``queue_position`` is how many are before."""

    stage: str
    fraction: float | None = None
    seconds_left: float | None = None
    queue_position: int = 0


OnProgress = Callable[[Progress], None]


class Client:
    """Connects when it is first needed, and again when the connection was lost between calls. One thread at a time."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._connections: list[Connection] = []  # more than one while the filters are watched beside other calls

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    def list_filters(self, *, timeout: float = 10.0, cancel: Cancel | None = None) -> FilterList:
        """All filters, whatever number of pages they take. Raises ClientError, as all calls do."""
        filters: list[messages.Filter] = []
        rejected: list[messages.RejectedFile] = []
        token = ""
        while True:
            page = self._unary(
                "/pleinair.v1.FilterService/ListFilters",
                messages.ListFiltersRequest(page_token=token),
                messages.ListFiltersResponse,
                timeout=timeout,
                cancel=cancel,
            )
            filters += page.filters
            rejected += page.rejected_files
            token = page.next_page_token
            if not token:
                return FilterList(filters, rejected)

    def watch_filters(self, *, cancel: Cancel) -> Iterator[messages.WatchFiltersResponse]:
        """The filters as they are and as they change, until cancelled (raises Cancelled) or the server goes."""
        return self._call(
            "/pleinair.v1.FilterService/WatchFilters",
            lambda: iter([messages.WatchFiltersRequest()]),
            messages.WatchFiltersResponse,
            self._patience(None, cancel),
            silence=None,  # a folder may stay as it is for days
        )

    def health(self, *, timeout: float = 5.0) -> bool:
        """Whether the server says that it serves."""
        answer = self._unary("/grpc.health.v1.Health/Check", _HealthRequest(), _HealthAnswer, timeout=timeout)
        return bool(answer.status == 1)

    def translate(
        self,
        header: messages.TranslateHeader,
        pixels: Buffer,
        *,
        on_progress: OnProgress | None = None,
        cancel: Cancel | None = None,
        timeout: float | None = None,
    ) -> Translation:
        """``pixels`` are those that the header describes: row-major, packed, little-endian."""
        tell = on_progress or (lambda progress: None)
        size = _byte_count(header)
        _make_sure_of_room(size)
        answers = self._call(
            "/pleinair.v1.TranslationService/Translate",
            lambda: _upload(header, memoryview(pixels).cast("B"), tell),
            messages.TranslateResponse,
            self._patience(timeout, cancel),
            silence=rpc.SILENCE_SECONDS,
        )
        with contextlib.closing(answers):  # type: ignore[type-var]
            return self._collect(answers, size, tell)

    def _collect(self, answers: Iterator[messages.TranslateResponse], size: int, tell: OnProgress) -> Translation:
        # It grows as it fills: to blank hundreds of megabytes at once would stop an editor's interface for so long.
        result, summary = bytearray(), messages.Summary()
        for answer in answers:
            if answer.pixels is not None:
                if len(result) + len(answer.pixels) > size:
                    raise errors.wrong_length(self.endpoint.address)
                result += answer.pixels
                tell(Progress("receiving", len(result) / size))
            elif answer.progress is not None:
                tell(_progress(answer.progress))
            elif answer.summary is not None:
                summary = answer.summary
        if len(result) < size:
            raise errors.wrong_length(self.endpoint.address)
        return Translation(result, summary)

    def _unary(
        self, path: str, request: Message, answer: type[Answer], *, timeout: float, cancel: Cancel | None = None
    ) -> Answer:
        patience = self._patience(timeout, cancel)
        answers = list(self._call(path, lambda: iter([request]), answer, patience, silence=rpc.SILENCE_SECONDS))
        if len(answers) != 1:
            raise errors.not_ours(self.endpoint.address)
        return answers[0]

    def _call(
        self,
        path: str,
        requests: Callable[[], Iterator[Message]],
        answer: type[Answer],
        patience: Patience,
        *,
        silence: float | None,
    ) -> Iterator[Answer]:
        """Tried once more on a fresh connection when an old one ends without an answer: no call changes anything."""
        connection = self._idle()
        if connection is not None:
            answered = False
            call = rpc.call(connection, self.endpoint, path, requests(), answer, patience, silence=silence)
            try:
                with contextlib.closing(call):  # type: ignore[type-var]
                    for message in call:
                        answered = True
                        yield message
                return
            except errors.ConnectionLost:
                if answered:
                    raise
        connection = Connection(self.endpoint, patience)
        self._connections.append(connection)
        yield from rpc.call(connection, self.endpoint, path, requests(), answer, patience, silence=silence)

    def _idle(self) -> Connection | None:
        """A connection that can take a call; those that never will again are closed."""
        for connection in list(self._connections):
            if connection.usable:
                return connection
            if not connection.busy:
                connection.close()
                self._connections.remove(connection)
        return None

    def _patience(self, timeout: float | None, cancel: Cancel | None) -> Patience:
        return Patience(self.endpoint.address, timeout=timeout, cancel=cancel)


def _upload(
    header: messages.TranslateHeader, pixels: memoryview, tell: OnProgress
) -> Iterator[messages.TranslateRequest]:
    yield messages.TranslateRequest(header=header)
    for start in range(0, len(pixels), CHUNK_BYTES):
        tell(Progress("sending", start / len(pixels)))
        yield messages.TranslateRequest(pixels=pixels[start : start + CHUNK_BYTES])  # type: ignore[arg-type]


def _progress(told: messages.Progress) -> Progress:
    return Progress(_STAGES.get(told.stage, "translating"), told.fraction, told.seconds_left, told.queue_position)


def _make_sure_of_room(size: int) -> None:
    """Raises ClientError when there is no memory for the result, before the server has worked for it."""
    try:
        mmap.mmap(-1, max(size, 1)).close()  # reserves the room without touching it
    except (OSError, OverflowError, MemoryError, ValueError) as error:
        raise errors.too_large_for_memory() from error


def _byte_count(header: messages.TranslateHeader) -> int:
    pixel_format = header.pixel_format or messages.PixelFormat()
    samples = header.width * header.height * pixel_format.channels
    return samples * SAMPLE_BYTES.get(pixel_format.sample_type, 1)


class _HealthRequest(Message):
    __slots__ = ()


class _HealthAnswer(Message):
    """grpc.health.v1.HealthCheckResponse."""

    __slots__ = ("status",)
    FIELDS = (Field(1, "status", kind="enum"),)

    def __init__(self) -> None:
        self.status: Any = 0
