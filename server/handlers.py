"""What the server does with a request, whatever brought it: validate, admit, run, stream. Knows no gRPC."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from server.admission import Admission
from server.engine.canvas import translate_canvas
from server.engine.pixels import Channels, PixelFormat, SampleType, Tensor, as_array, to_pixels, to_tensor
from server.engine.worker import Worker
from server.errors import Reason, Refusal
from server.filter_file import LoadedFilter
from server.filters import FilterFolder
from server.pictures import Picture, PictureError, decode_picture, encode_png

CHUNK_BYTES = 1 << 20
LONGEST_SIDE = 1_000_000  # pixels; beyond it a header is nonsense

log = logging.getLogger(__name__)
Raw = bytearray | NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class TranslationRequest:
    """What a header says. Width and height are in pixels."""

    filter_id: str
    width: int
    height: int
    pixel_format: PixelFormat


class Stage(Enum):
    QUEUED = "queued"
    TRANSLATING = "translating"


@dataclass(frozen=True)
class Progress:
    stage: Stage
    queue_position: int  # requests before this one


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What ran."""

    filter_id: str
    filter_sha256: str
    execution_provider: str
    half: bool
    queue_seconds: float
    compute_seconds: float


class TranslationHandler:
    """Translates pictures with the filters of a folder on one device. Belongs to one event loop."""

    def __init__(self, filters: FilterFolder, worker: Worker, admission: Admission, *, max_pixels: int) -> None:
        self._filters = filters
        self._worker = worker
        self._admission = admission
        self._max_pixels = max_pixels

    async def translate(
        self, request: TranslationRequest, pixels: AsyncIterator[bytes]
    ) -> AsyncGenerator[Progress | bytes | Summary]:
        """Raw pixels in, and out: progress, then the result in chunks of up to 1 MiB, then the summary.

        Raises Refusal. Closing the iterator, or cancelling its task, stops the computation.
        """
        chosen = self._filters.get(request.filter_id)
        self._check_size(request.width, request.height)
        with self._admission.admitted():
            source = await _receive(request, pixels)
            async with aclosing(self._run(chosen, source, request.pixel_format)) as events:
                async for event in events:
                    if isinstance(event, _Outcome):
                        for chunk in _chunks(event.pixels):
                            yield chunk
                        yield event.summary
                    else:
                        yield event

    async def translate_image(self, filter_id: str, data: bytes) -> tuple[bytes, Summary, tuple[str, ...]]:
        """A PNG, JPEG or WebP file in; a PNG file, the summary and notes on conversions out. Raises Refusal."""
        chosen = self._filters.get(filter_id)
        with self._admission.admitted():
            picture = await self._decode(data)
            pixel_format = _format_of(picture.pixels)
            async with aclosing(self._run(chosen, picture.pixels, pixel_format)) as events:
                async for event in events:
                    if isinstance(event, _Outcome):
                        png = await asyncio.to_thread(encode_png, Picture(event.pixels, picture.icc_profile))
                        return png, event.summary, picture.notes
        raise AssertionError("a run ends with an outcome or an exception")

    def _check_size(self, width: int, height: int) -> None:
        for name, size in (("width", width), ("height", height)):
            if not 1 <= size <= LONGEST_SIDE:
                sentence = f"The {name} is {size}, but must be from 1 to {LONGEST_SIDE:,} pixels."
                raise Refusal(Reason.BAD_HEADER, sentence, field=f"header.{name}")
        if width * height > self._max_pixels:
            raise Refusal(
                Reason.PICTURE_TOO_LARGE,
                f"The picture is {width:,} x {height:,} pixels, and this server takes at most "
                f"{self._max_pixels:,}; make it smaller, or start the server with a larger --max-pixels.",
                field="header.width",
            )

    async def _decode(self, data: bytes) -> Picture:
        try:
            return await asyncio.to_thread(decode_picture, data, max_pixels=self._max_pixels)
        except PictureError as error:
            reason = Reason.PICTURE_TOO_LARGE if error.too_large else Reason.PICTURE_UNREADABLE
            raise Refusal(reason, error.sentence, field="image") from None

    async def _run(
        self, chosen: LoadedFilter, source: NDArray[Any], pixel_format: PixelFormat
    ) -> AsyncGenerator[Progress | _Outcome]:
        """Progress for as long as it takes, then the outcome."""
        start = time.monotonic()
        tensor = await asyncio.to_thread(to_tensor, source, pixel_format)
        computation = _Computation(chosen, tensor)
        del tensor
        reports: asyncio.Queue[int | None] = asyncio.Queue()
        task = asyncio.create_task(self._worker.run(computation, reports.put_nowait))
        task.add_done_callback(lambda _: reports.put_nowait(None))
        try:
            while (position := await reports.get()) is not None:
                yield Progress(Stage.QUEUED if position else Stage.TRANSLATING, position)
            result = _outcome_of(task, chosen)
        finally:
            task.cancel()
            await asyncio.wait([task])
        pixels = await asyncio.to_thread(to_pixels, result, source, pixel_format)
        yield _Outcome(pixels, computation.summary(start))


@dataclass(frozen=True)
class _Outcome:
    pixels: NDArray[Any]
    summary: Summary


class _Computation:
    """The worker's job; remembers when it ran."""

    def __init__(self, chosen: LoadedFilter, tensor: Tensor) -> None:
        self._chosen = chosen
        self._tensor = tensor
        self._started = self._ended = 0.0

    def __call__(self, options: ort.RunOptions) -> Tensor:
        self._started = time.monotonic()
        multiple = self._chosen.info.spatial_multiple
        result = translate_canvas(self._chosen.session, self._tensor, multiple=multiple, options=options)
        self._ended = time.monotonic()
        return result

    def summary(self, requested: float) -> Summary:
        return Summary(
            filter_id=self._chosen.info.id,
            filter_sha256=self._chosen.info.sha256,
            execution_provider=self._chosen.session.provider,
            half=self._chosen.session.half,
            queue_seconds=self._started - requested,
            compute_seconds=self._ended - self._started,
        )


async def _receive(request: TranslationRequest, pixels: AsyncIterator[bytes]) -> NDArray[Any]:
    """All of the picture (h, w, channels), counted as it comes."""
    expected = request.width * request.height * request.pixel_format.bytes_per_pixel
    buffer = bytearray(expected)
    received = 0
    declared = f"{request.width} x {request.height} pixels of {request.pixel_format.bytes_per_pixel} bytes"
    async for chunk in pixels:
        if received + len(chunk) > expected:
            raise Refusal(
                Reason.TOO_MANY_PIXELS,
                f"The header declared {declared}, so {expected:,} bytes, but more came; check size and format.",
                field="pixels",
            )
        buffer[received : received + len(chunk)] = chunk
        received += len(chunk)
    if received < expected:
        raise Refusal(
            Reason.TOO_FEW_PIXELS,
            f"The header declared {declared}, so {expected:,} bytes, but only {received:,} came; send them all.",
            field="pixels",
        )
    return as_array(buffer, width=request.width, height=request.height, pixel_format=request.pixel_format)


def _outcome_of(task: asyncio.Task[Tensor], chosen: LoadedFilter) -> Tensor:
    """The result, or onnxruntime's failure as a refusal; its own words go to the log."""
    try:
        return task.result()
    except Exception as error:
        log.exception("Filter %s failed", chosen.info.id)
        if isinstance(error, MemoryError) or _speaks_of_memory(str(error)):
            raise Refusal(
                Reason.OUT_OF_MEMORY,
                "The device has too little memory for a picture of this size; make it smaller, or use another device.",
            ) from None
        raise Refusal(
            Reason.FILTER_FAILED,
            f"The filter {chosen.info.id!r} failed on this picture; the server's log says why.",
        ) from None


def _speaks_of_memory(text: str) -> bool:
    """Whether onnxruntime speaks of memory: it has no error type for that."""
    return any(words in text.lower() for words in ("failed to allocate memory", "out of memory", "bad_alloc"))


def _chunks(pixels: NDArray[Any]) -> Iterator[bytes]:
    view = np.ascontiguousarray(pixels).data.cast("B")
    for start in range(0, len(view), CHUNK_BYTES):
        yield bytes(view[start : start + CHUNK_BYTES])


def _format_of(pixels: NDArray[Any]) -> PixelFormat:
    sample_type = SampleType.UINT16 if pixels.dtype == np.uint16 else SampleType.UINT8
    return PixelFormat(Channels(pixels.shape[2]), sample_type)
