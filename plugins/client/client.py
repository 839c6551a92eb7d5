"""A Pleinair server, as a plug-in sees it."""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Callable

from . import errors, figures, messages, rpc
from .calls import CHUNK_BYTES, Calls
from .cancel import Cancel
from .codec import Field, Message
from .wire import Buffer

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
    """A result: its pixels in the format of the request, and the server's summary of what ran."""

    pixels: bytearray
    summary: messages.Summary


@dataclass(frozen=True)
class Progress:
    """How far a translation is. ``stage`` is sending, queued, translating or receiving; ``fraction`` (0 to 1) and
    ``seconds_left`` are of that stage, None if unknown; ``queue_position`` is how many are ahead."""

    stage: str
    fraction: float | None = None
    seconds_left: float | None = None
    queue_position: int = 0


OnProgress = Callable[[Progress], None]


class Client(Calls):
    """Lists and watches a server's filters, and translates pixels with them."""

    def list_filters(self, *, timeout: float = 10.0, cancel: Cancel | None = None) -> FilterList:
        """Returns all filters, however many pages they take. Raises ClientError, as all calls do."""

        def page(token: str) -> messages.ListFiltersResponse:
            return self.unary(
                "/pleinair.v1.FilterService/ListFilters",
                messages.ListFiltersRequest(page_token=token),
                messages.ListFiltersResponse,
                timeout=timeout,
                cancel=cancel,
            )

        listed = FilterList([], [])
        for found in self.pages(page):
            listed.filters.extend(found.filters)
            listed.rejected.extend(found.rejected_files)
        return listed

    def watch_filters(self, *, cancel: Cancel) -> Iterator[messages.WatchFiltersResponse]:
        """Yields the present filters, then every change, until cancelled (raises Cancelled) or the server stops."""
        return self.call(
            "/pleinair.v1.FilterService/WatchFilters",
            lambda: iter([messages.WatchFiltersRequest()]),
            messages.WatchFiltersResponse,
            self.patience(None, cancel),
            silence=None,  # a folder may not change for days
        )

    def health(self, *, timeout: float = 5.0) -> bool:
        """Returns whether the server reports that it is serving."""
        answer = self.unary("/grpc.health.v1.Health/Check", _HealthRequest(), _HealthAnswer, timeout=timeout)
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
        """Translates ``pixels``, which the header describes: row-major, packed, little-endian. Raises ClientError."""
        tell = on_progress or (lambda progress: None)
        size = _byte_count(header)
        _make_sure_of_room(size)
        answers = self.call(
            "/pleinair.v1.TranslationService/Translate",
            lambda: _upload(header, memoryview(pixels).cast("B"), tell),
            messages.TranslateResponse,
            self.patience(timeout, cancel),
            silence=rpc.SILENCE_SECONDS,
        )
        with contextlib.closing(answers):  # type: ignore[type-var]
            return self._collect(answers, size, tell)

    def _collect(self, answers: Iterator[messages.TranslateResponse], size: int, tell: OnProgress) -> Translation:
        # Grows as it fills: clearing hundreds of megabytes at once would freeze the editor's interface meanwhile.
        result, summary = bytearray(), messages.Summary()
        for answer in answers:
            if answer.pixels is not None:
                if len(result) + len(answer.pixels) > size:
                    raise errors.wrong_length(self.endpoint.address)
                result += answer.pixels
                tell(Progress("receiving", len(result) / size if size else 1.0))
            elif answer.progress is not None:
                tell(_progress(answer.progress))
            elif answer.summary is not None:
                summary = answer.summary
        if len(result) < size:
            raise errors.wrong_length(self.endpoint.address)
        return Translation(result, summary)


def _upload(
    header: messages.TranslateHeader, pixels: memoryview, tell: OnProgress
) -> Iterator[messages.TranslateRequest]:
    yield messages.TranslateRequest(header=header)
    for start in range(0, len(pixels), CHUNK_BYTES):
        tell(Progress("sending", start / len(pixels)))
        yield messages.TranslateRequest(pixels=pixels[start : start + CHUNK_BYTES])  # type: ignore[arg-type]


def _progress(told: messages.Progress) -> Progress:
    stage = _STAGES.get(told.stage, "translating")
    return Progress(stage, figures.share(told.fraction), figures.seconds(told.seconds_left), told.queue_position)


def _make_sure_of_room(size: int) -> None:
    """Raises ClientError when there is no memory for the result, before the server does the work."""
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
