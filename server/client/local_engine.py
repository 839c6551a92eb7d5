"""The server's own engine inside this process, without a socket: for scripts and notebooks.

from server.client import LocalEngine

engine = LocalEngine("filters")                       # a folder, or one .onnx file
print([found.id for found in engine.filters()])
result, summary = engine.translate("monet", pixels)   # an array: height x width x 1 to 4 channels
picture = engine.translate_picture("monet", picture)  # or a picture of Pillow's
engine.close()                                        # frees the memory; or: with LocalEngine("filters") as engine
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from numpy.typing import NDArray
from pleinair.v1 import filters_pb2, translation_pb2

from server.client.loop_thread import LoopThread
from server.client.translations import (
    PREVIEW_SIDE,
    Assembly,
    OnPreview,
    OnProgress,
    TranslationError,
    Translator,
    wire_chunks,
    wire_pixels,
)
from server.config import ServerConfig
from server.engine.pixels import Channels, PixelFormat, SampleType
from server.engine.provider import Provider
from server.errors import Refusal, StartProblem
from server.translation.engine import TranslationEngine
from server.translation.terms import Preview, Progress, Summary, TranslationRequest
from server.wire.translations import (
    filter_message,
    preview_message,
    progress_message,
    rejected_message,
    summary_message,
)


class LocalEngine(Translator):
    """A Translator for the filters of a folder or of one .onnx file. ``provider`` is where it computes ("auto", "cpu",
    "cuda", "tensorrt"), ``memory`` what it may take in bytes (by default 70 % of what is free). In place of these,
    ``filters`` may be a ServerConfig, whose options about filters and computing count; it does not warm up.

    Loading takes a second or more, so use one engine again and again: several threads may. Callbacks run in the thread
    that translates, Ctrl-C stops the device. Raises StartProblem. ``warning`` is a sentence when a device other than
    the one asked for computes.
    """

    def __init__(
        self,
        filters: ServerConfig | str | os.PathLike[str] = "filters",
        *,
        provider: str = "auto",
        memory: int | None = None,
    ) -> None:
        if not isinstance(filters, ServerConfig):
            filters = ServerConfig(filters=Path(filters), provider=_provider(provider), memory=memory)
        if not filters.filters.exists():
            raise StartProblem(f"There is no {filters.filters}; name a folder with filters, or one .onnx file.")
        self._engine: TranslationEngine | None = TranslationEngine(replace(filters, warm_up=()))
        self.warning = self._engine.backend.warning
        self._loop = LoopThread()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Frees the filters and their memory; a second time nothing happens. Of the memory of its largest piece
        onnxruntime keeps some, for the next engine in this process."""
        self._loop.close()
        if self._engine:
            self._engine.close()
            self._engine = None

    def filters(self) -> list[filters_pb2.Filter]:
        return [filter_message(found) for found in self._opened().filters.catalogue.filters.values()]

    def rejected_files(self) -> list[filters_pb2.RejectedFile]:
        return [rejected_message(*rejected) for rejected in self._opened().filters.catalogue.rejected.items()]

    def translate(
        self,
        filter_id: str,
        pixels: NDArray[Any],
        *,
        on_progress: OnProgress | None = None,
        on_preview: OnPreview | None = None,
        preview_side: int = PREVIEW_SIDE,
        timeout: float | None = None,
    ) -> tuple[NDArray[Any], translation_pb2.Summary]:
        wire = wire_pixels(pixels)
        request = _request(filter_id, wire, preview_side if on_preview else 0)
        engine = self._opened()

        def hear(event: Progress | Preview) -> None:
            if isinstance(event, Preview):
                if on_preview:
                    on_preview(preview_message(event))
            elif on_progress:
                on_progress(progress_message(event))

        try:
            return self._loop.run(lambda tell: _translate(engine, request, wire, tell, timeout), hear)
        except Refusal as refusal:
            code, reason = refusal.reason.code, refusal.reason.value
            raise TranslationError(refusal.sentence, code=code, reason=reason) from refusal
        except TimeoutError as error:
            sentence = "The translation took longer than the timeout; allow it more time."
            raise TranslationError(sentence, code="DEADLINE_EXCEEDED") from error

    def _opened(self) -> TranslationEngine:
        if self._engine is None:
            raise RuntimeError("This engine is closed; make another LocalEngine.")
        return self._engine


async def _translate(
    engine: TranslationEngine,
    request: TranslationRequest,
    wire: NDArray[Any],
    tell: Callable[[Progress | Preview], None],
    timeout: float | None,
) -> tuple[NDArray[Any], translation_pb2.Summary]:
    assembly, summary = Assembly(wire), translation_pb2.Summary()
    translation = engine.handler.translate(request, _chunks(wire))
    async with asyncio.timeout(timeout), aclosing(translation) as events:
        async for event in events:
            if isinstance(event, bytes):
                assembly.add(event)
            elif isinstance(event, Summary):
                summary = summary_message(event)
            else:
                tell(event)
    return assembly.finish(), summary


def _provider(name: str) -> Provider:
    known = [one.value for one in Provider]
    if name not in known:
        raise StartProblem(f"The provider is {name!r}; expected one of {', '.join(known)}.")
    return Provider(name)


def _request(filter_id: str, wire: NDArray[Any], preview_side: int) -> TranslationRequest:
    height, width, channels = wire.shape
    sample_type = next(known for known in SampleType if known.dtype == wire.dtype)
    pixel_format = PixelFormat(Channels(channels), sample_type)
    return TranslationRequest(filter_id, width, height, pixel_format, preview_side)


async def _chunks(wire: NDArray[Any]) -> AsyncIterator[bytes]:
    for chunk in wire_chunks(wire):
        yield chunk
