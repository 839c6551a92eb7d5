"""Translates pictures: checks, waits for the device, computes, gives back. Knows no transport."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from server.engine.canvas import translate_canvas
from server.engine.pixels import (
    Alpha,
    Channels,
    PixelFormat,
    SampleType,
    Tensor,
    from_tensor,
    samples_of,
    to_tensor,
)
from server.engine.session import Precision
from server.engine.transparency import fill_transparent, keep_transparent
from server.engine.worker import Worker
from server.errors import Reason, Refusal
from server.filter_file import Filter
from server.pictures import Picture, PictureError, decode_picture, encode_png

CHUNK_BYTES = 1 << 20
PROGRESS_SECONDS = 0.25
MOST_FRACTION = 0.99  # nothing is done before it is done, whatever the pace foretold

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TranslationRequest:
    """What is to be done with the pixels that follow. Sizes are in pixels."""

    filter_id: str
    width: int
    height: int
    pixel_format: PixelFormat

    @property
    def byte_count(self) -> int:
        return self.width * self.height * self.pixel_format.bytes_per_pixel


class Stage(Enum):
    QUEUED = "queued"
    TRANSLATING = "translating"


@dataclass(frozen=True)
class Progress:
    """How far a request is: how many are before it, then the share of its work that is done (0 to 1) and the time
    that the rest will take; None until the filter's pace is known."""

    stage: Stage
    queue_position: int = 0
    fraction: float | None = None
    seconds_left: float | None = None


@dataclass(frozen=True)
class Summary:
    """What ran, how long it waited for the device, and how long the device worked."""

    filter_id: str
    filter_sha256: str
    execution_provider: str
    precision: Precision
    queue_seconds: float
    compute_seconds: float


class Filters(Protocol):
    def find(self, identifier: str) -> Filter:
        """Raises Refusal, which names the filters that exist."""


@dataclass(frozen=True)
class _RawPicture:
    pixels: bytearray | memoryview
    width: int
    height: int
    pixel_format: PixelFormat


@dataclass(frozen=True)
class _Result:
    samples: NDArray[Any]  # H x W x C
    summary: Summary


class TranslationHandler:
    """Translates with ``filters`` on the device of ``worker``. What it refuses, it refuses with a Refusal."""

    def __init__(self, filters: Filters, worker: Worker, *, max_pixels: int) -> None:
        self._filters = filters
        self._worker = worker
        self._max_pixels = max_pixels

    async def translate(
        self, request: TranslationRequest, pixels: AsyncIterator[bytes]
    ) -> AsyncGenerator[Progress | bytes | Summary, None]:
        """Progress, then the result's pixels in the request's format in chunks of 1 MiB, then one summary.

        Whoever gives it up must close it (``contextlib.aclosing``), which stops the computation.
        """
        found = self._filters.find(request.filter_id)
        self._check_size(request)
        received = await _receive(request, pixels)
        raw = _RawPicture(received, request.width, request.height, request.pixel_format)
        computation = self._compute(found, raw)
        del received, raw  # it alone holds the pixels, and they go when it ends
        async with contextlib.aclosing(computation) as steps:
            async for step in steps:
                if isinstance(step, _Result):
                    result = step
                else:
                    yield step
        view = result.samples.data.cast("B")
        for start in range(0, len(view), CHUNK_BYTES):
            yield bytes(view[start : start + CHUNK_BYTES])
        yield result.summary

    async def translate_image(self, filter_id: str, data: bytes) -> tuple[bytes, Summary, tuple[str, ...]]:
        """An encoded picture (PNG, JPEG or WebP) to a PNG file, and sentences about what was converted before."""
        found = self._filters.find(filter_id)
        picture = await asyncio.to_thread(self._decode, data)
        result = await self._result(found, picture.pixels)
        png = await asyncio.to_thread(encode_png, Picture(result.samples, picture.icc_profile))
        return png, result.summary, picture.notes

    async def translate_array(self, filter_id: str, pixels: NDArray[Any]) -> tuple[NDArray[Any], Summary]:
        """Pixels, H x W x 3, sRGB-encoded, to translated ones: both uint8, or both float32 from 0 to 1."""
        found = self._filters.find(filter_id)
        height, width, _ = pixels.shape
        self.check_pixels(f"The picture has {width} x {height}", width * height)
        result = await self._result(found, pixels)
        return result.samples, result.summary

    def check_pixels(self, size: str, pixels: int) -> None:
        """Raises Refusal for more than the server takes; ``size`` begins the sentence that says so."""
        if pixels > self._max_pixels:
            raise Refusal(
                Reason.PICTURE_TOO_LARGE,
                f"{size} = {pixels} pixels and this server takes at most {self._max_pixels}; make it smaller, or start"
                " the server with a larger --max-pixels.",
            )

    async def _result(self, found: Filter, pixels: NDArray[Any]) -> _Result:
        async with contextlib.aclosing(self._compute(found, _raw(pixels))) as steps:
            async for step in steps:
                if isinstance(step, _Result):
                    result = step
        return result

    async def _compute(self, found: Filter, raw: _RawPicture) -> AsyncGenerator[Progress | _Result, None]:
        arrived = time.monotonic()
        async with self._worker.place() as place:
            async for position in place.positions():
                yield Progress(Stage.QUEUED, position)
            started = time.monotonic()
            expected = found.pace.seconds_for(raw.width * raw.height)
            async with place.running(lambda options: _translate(found, raw, options)) as running:
                while not running.done():
                    yield _progress(time.monotonic() - started, expected)
                    await asyncio.wait([running], timeout=PROGRESS_SECONDS)
            tensor, alpha = _outcome(running, found, raw)
            ended = time.monotonic()
        found.pace.learn(raw.width * raw.height, ended - started)
        samples = await asyncio.to_thread(_samples, tensor, alpha, raw)
        yield _Result(
            samples,
            Summary(
                filter_id=found.identifier,
                filter_sha256=found.sha256,
                execution_provider=found.session.execution_provider,
                precision=found.precision,
                queue_seconds=started - arrived,
                compute_seconds=ended - started,
            ),
        )

    def _check_size(self, request: TranslationRequest) -> None:
        for name, length in (("width", request.width), ("height", request.height)):
            if length < 1:
                raise Refusal(
                    Reason.BAD_HEADER,
                    f"The {name} is {length} pixels; a picture has at least 1.",
                    field=f"header.{name}",
                )
        self.check_pixels(f"The picture has {request.width} x {request.height}", request.width * request.height)

    def _decode(self, data: bytes) -> Picture:
        try:
            return decode_picture(data, max_pixels=self._max_pixels)
        except PictureError as error:
            reason = Reason.PICTURE_TOO_LARGE if error.too_large else Reason.PICTURE_UNREADABLE
            raise Refusal(reason, error.sentence, field="image") from error


def _progress(seconds: float, expected: float | None) -> Progress:
    if expected is None:
        return Progress(Stage.TRANSLATING)
    fraction = min(seconds / expected, MOST_FRACTION)
    return Progress(Stage.TRANSLATING, fraction=fraction, seconds_left=max(expected - seconds, 0.0))


async def _receive(request: TranslationRequest, pixels: AsyncIterator[bytes]) -> bytearray:
    """All the request's pixels. It grows as they come: a header alone costs no memory."""
    raw = bytearray()
    size = f"{request.width} x {request.height} pixels of {request.pixel_format.bytes_per_pixel} bytes"
    async for chunk in pixels:
        if len(raw) + len(chunk) > request.byte_count:
            raise Refusal(
                Reason.TOO_MANY_PIXELS,
                f"More pixels came than the header says: {size} are {request.byte_count} bytes, and at least"
                f" {len(raw) + len(chunk)} came; send as many as the header says.",
            )
        raw += chunk
    if len(raw) < request.byte_count:
        raise Refusal(
            Reason.TOO_FEW_PIXELS,
            f"Fewer pixels came than the header says: {size} are {request.byte_count} bytes, and {len(raw)} came; send"
            " all of them before closing the stream.",
        )
    return raw


def _raw(pixels: NDArray[Any]) -> _RawPicture:
    height, width, channels = pixels.shape
    pixels = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<"))
    sample_type = next(kind for kind in SampleType if kind.dtype == pixels.dtype)
    return _RawPicture(pixels.data, width, height, PixelFormat(Channels(channels), sample_type))


def _translate(found: Filter, raw: _RawPicture, options: Any) -> tuple[Tensor, Alpha | None]:
    tensor, alpha = to_tensor(raw.pixels, width=raw.width, height=raw.height, pixel_format=raw.pixel_format)
    if alpha is not None:
        fill_transparent(tensor, alpha)
    multiple = found.description.spatial_multiple
    return translate_canvas(found.session, tensor, multiple=multiple, options=options), alpha


def _outcome(
    done: asyncio.Future[tuple[Tensor, Alpha | None]], found: Filter, raw: _RawPicture
) -> tuple[Tensor, Alpha | None]:
    try:
        return done.result()
    except Exception as error:
        _log.exception("Filter %s failed on %d x %d pixels.", found.identifier, raw.width, raw.height)
        raise _as_refusal(error, found, raw) from error


def _samples(tensor: Tensor, alpha: Alpha | None, raw: _RawPicture) -> NDArray[Any]:
    samples = from_tensor(tensor, alpha, raw.pixel_format)
    if alpha is not None:
        original = samples_of(raw.pixels, width=raw.width, height=raw.height, pixel_format=raw.pixel_format)
        keep_transparent(samples, original, alpha)
    return samples


# How onnxruntime, cuDNN, cuBLAS and CUDA say it; there is no type for it.
_OUT_OF_MEMORY = (
    "out of memory",
    "failed to allocate",
    "bad_alloc",
    "bad allocation",
    "alloc_failed",
    "available memory",
)


def _as_refusal(error: Exception, found: Filter, raw: _RawPicture) -> Refusal:
    size = f"{raw.width} x {raw.height}"
    if isinstance(error, MemoryError) or any(text in str(error).lower() for text in _OUT_OF_MEMORY):
        return Refusal(
            Reason.OUT_OF_MEMORY, f"A picture of {size} pixels needs more memory than the device has; make it smaller."
        )
    return Refusal(
        Reason.FILTER_FAILED,
        f"Filter '{found.identifier}' failed on this picture of {size} pixels; the server's log says why.",
    )
