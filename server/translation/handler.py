"""Translates pictures: checks a request, computes, and yields the result. Knows no transport."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial
from typing import Any, ParamSpec, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from server.engine.account import Held
from server.engine.pixels import Channels, PixelFormat, SampleType
from server.engine.worker import Worker
from server.errors import Reason, Refusal
from server.filters.filter_file import Filter
from server.pictures.files import Picture, PictureError, decode_picture
from server.pictures.formats import PNG
from server.pictures.results import encode_result
from server.translation.chunks import chunk_bytes
from server.translation.computation import Computation, Samples
from server.translation.hopeless import refuse_if_hopeless
from server.translation.memory import PictureMemory
from server.translation.picture import RawPicture
from server.translation.terms import Preview, Progress, Summary, TranslationRequest

# Files are decoded and encoded two at a time: each takes a processor, and several times the memory of its pixels.
_MOST_FILES_AT_ONCE = 2

P = ParamSpec("P")
Result = TypeVar("Result")


class Filters(Protocol):
    def find(self, identifier: str) -> Filter:
        """Returns the filter. Raises Refusal, which names the filters that exist."""


class TranslationHandler:
    """Translates with ``filters`` on the device of ``worker``, which is shared fairly among clients, or raises
    Refusal."""

    def __init__(self, filters: Filters, worker: Worker, *, max_pixels: int) -> None:
        self._filters = filters
        self._worker = worker
        self._max_pixels = max_pixels
        self._memory = PictureMemory(worker.account, max_pixels=max_pixels)
        self._threads = ThreadPoolExecutor(_MOST_FILES_AT_ONCE, thread_name_prefix="files")

    def close(self) -> None:
        """Ends its threads. No call may be inside."""
        self._threads.shutdown()

    async def translate(
        self,
        request: TranslationRequest,
        pixels: AsyncIterator[bytes],
        *,
        client: str = "",
        seconds: float | None = None,
    ) -> AsyncGenerator[Progress | Preview | bytes | Summary, None]:
        """Yields progress, a preview if the request wants one, the result's pixels in the request's format, in chunks
        as they come, and one summary. Computes no further than its caller reads. What cannot be done within ``seconds``
        is refused before its pixels are read.

        Close it (``contextlib.aclosing``) to stop the computation early.
        """
        found = self._filters.find(request.filter_id)
        self._check_size(request)
        self.check_seconds(request.filter_id, request.width * request.height, client, seconds)
        async with self._memory.upload(request, client) as held:
            raw = await _receive(request, pixels)
            picture = RawPicture(raw, width=request.width, height=request.height, pixel_format=request.pixel_format)
            computation = Computation(self._worker, found, picture, client, held)
            del raw, picture  # it alone holds the pixels, and they go when it ends
            # Closed one after the other: what is left to the event loop ends at some time, perhaps in the middle of a
            # step.
            async with (
                contextlib.aclosing(computation.steps(request.preview_side)) as steps,
                contextlib.aclosing(_in_chunks(steps, chunk_bytes(request.byte_count))) as chunks,
            ):
                async for step in chunks:
                    yield step

    async def translate_image(
        self, filter_id: str, data: bytes, *, client: str = "", seconds: float | None = None
    ) -> tuple[bytes, Summary, tuple[str, ...]]:
        """Translates an encoded picture (PNG, JPEG or WebP) to a PNG file, with what goes with it, such as a colour
        profile. Also returns the summary, and sentences about what was converted in reading."""
        found = self._filters.find(filter_id)
        async with self._memory.file(data, client) as held:
            picture = await self._beside(self._decode, data)
            height, width, _ = picture.pixels.shape
            self.check_seconds(filter_id, height * width, client, seconds)
            samples, summary = await self._whole(found, picture.pixels, client, held)
            result = await self._beside(encode_result, samples, picture.carried, PNG)
            return result.data, summary, (*picture.notes, *result.notes)

    def tensor_memory(self, count: int, client: str) -> AbstractAsyncContextManager[Held]:
        """Holds ``count`` bytes of memory for pictures that came as tensors, and waits for them. Raises Refusal."""
        return self._memory.tensors(count, client)

    async def translate_array(
        self, filter_id: str, pixels: NDArray[Any], held: Held, *, client: str = ""
    ) -> tuple[NDArray[Any], Summary]:
        """Translates H x W x 3 sRGB-encoded pixels to an array of the same type: uint8, or float32 from 0 to 1.
        ``held`` is the memory that is held for the call."""
        found = self._filters.find(filter_id)
        height, width, _ = pixels.shape
        self.check_pixels(f"The picture has {width} x {height}", width * height)
        return await self._whole(found, pixels, client, held)

    def check_pixels(self, size: str, pixels: int) -> None:
        """Raises Refusal for more pixels than the server accepts; ``size`` begins the sentence."""
        if pixels > self._max_pixels:
            raise Refusal(
                Reason.PICTURE_TOO_LARGE,
                f"{size} = {pixels} pixels, and this server accepts at most {self._max_pixels}; make it smaller, or"
                " start the server with a larger --max-pixels.",
            )

    def check_seconds(self, filter_id: str, pixels: int, client: str, seconds: float | None) -> None:
        """Raises Refusal when a picture of so many pixels would surely not be done within ``seconds`` (None: no
        limit)."""
        refuse_if_hopeless(self._worker, self._filters.find(filter_id).pace, client, pixels, seconds)

    async def _whole(
        self, found: Filter, pixels: NDArray[Any], client: str, held: Held
    ) -> tuple[NDArray[Any], Summary]:
        """Translates H x W x C samples of one of the wire's types. Returns samples of the same shape and type, and the
        summary."""
        computation = Computation(self._worker, found, _raw(pixels), client, held)
        result, top = np.empty_like(pixels), 0
        async with contextlib.aclosing(computation.steps()) as steps:
            async for step in steps:
                if isinstance(step, Summary):
                    summary = replace(step, peak_memory_bytes=step.peak_memory_bytes + result.nbytes)
                elif isinstance(step, np.ndarray):
                    result[top : top + len(step)] = step
                    top += len(step)
        return result, summary

    async def _beside(self, work: Callable[P, Result], *given: P.args, **named: P.kwargs) -> Result:
        """Beside the event loop, and not for many files at once."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *given, **named))

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


async def _receive(request: TranslationRequest, pixels: AsyncIterator[bytes]) -> NDArray[np.uint8]:
    """Receives all the request's pixels. A header alone costs no memory: the system provides it as pixels arrive."""
    raw, filled = _room_for(request), 0
    size = f"{request.width} x {request.height} pixels of {request.pixel_format.bytes_per_pixel} bytes"
    async for chunk in pixels:
        if filled + len(chunk) > len(raw):
            raise Refusal(
                Reason.TOO_MANY_PIXELS,
                f"More pixels arrived than the header says: {size} are {len(raw)} bytes, and at least"
                f" {filled + len(chunk)} arrived; send as many as the header says.",
            )
        raw[filled : filled + len(chunk)] = np.frombuffer(chunk, np.uint8)
        filled += len(chunk)
    if filled < len(raw):
        raise Refusal(
            Reason.TOO_FEW_PIXELS,
            f"Fewer pixels arrived than the header says: {size} are {len(raw)} bytes, and {filled} arrived; send all of"
            " them before closing the stream.",
        )
    return raw


def _room_for(request: TranslationRequest) -> NDArray[np.uint8]:
    try:
        return np.empty(request.byte_count, np.uint8)
    except MemoryError as error:
        raise Refusal(
            Reason.OUT_OF_MEMORY,
            f"The server does not have enough memory for {request.width} x {request.height} pixels of"
            f" {request.pixel_format.bytes_per_pixel} bytes; make the picture smaller, or try again later.",
        ) from error


async def _in_chunks(
    steps: AsyncIterator[Progress | Preview | Samples | Summary], size: int
) -> AsyncGenerator[Progress | Preview | bytes | Summary, None]:
    """Turns rows into bytes, ``size`` at a time; the last, shorter chunk comes before the summary."""
    chunk = bytearray()
    async for step in steps:
        if isinstance(step, np.ndarray):
            view, start = step.data.cast("B"), 0
            while start < len(view):
                part = view[start : start + size - len(chunk)]
                start += len(part)
                if len(part) == size:  # copied once
                    yield part.tobytes()
                    continue
                chunk += part
                if len(chunk) == size:
                    yield bytes(chunk)
                    chunk.clear()
        else:
            if chunk and isinstance(step, Summary):
                yield bytes(chunk)
            yield step


def _raw(pixels: NDArray[Any]) -> RawPicture:
    height, width, channels = pixels.shape
    wire = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<"))
    sample_type = next(known for known in SampleType if known.dtype == wire.dtype)
    return RawPicture(wire, width=width, height=height, pixel_format=PixelFormat(Channels(channels), sample_type))
