"""The server's own engine inside this process, without a socket:

with LocalEngine(ServerConfig(filters=Path("filters"))) as engine:
    result, summary = engine.translate("monet", pixels)
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from numpy.typing import NDArray
from pleinair.v1 import filters_pb2, translation_pb2

from server.client.translations import (
    PREVIEW_SIDE,
    Assembly,
    OnPreview,
    OnProgress,
    TranslationError,
    wire_chunks,
    wire_pixels,
)
from server.config import ServerConfig
from server.engine.pixels import Channels, PixelFormat, SampleType
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


class LocalEngine:
    """A Translator for the filters of `config`, a folder or one .onnx file. It follows the options about filters and
    computing, but does not warm up. Not for use inside a running event loop.

    Raises StartProblem. `warning` is a sentence when a device other than the one asked for computes.
    """

    def __init__(self, config: ServerConfig) -> None:
        if not config.filters.exists():
            raise StartProblem(f"There is no {config.filters}; name a folder with filters, or one .onnx file.")
        self._engine = TranslationEngine(replace(config, warm_up=()))
        self.warning = self._engine.backend.warning
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.close()
        self._engine.close()

    def filters(self) -> list[filters_pb2.Filter]:
        return [filter_message(found) for found in self._engine.filters.catalogue.filters.values()]

    def rejected_files(self) -> list[filters_pb2.RejectedFile]:
        return [rejected_message(*rejected) for rejected in self._engine.filters.catalogue.rejected.items()]

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
        try:
            # The runner turns Ctrl-C into a cancellation, which stops onnxruntime.
            return self._runner.run(self._translate(request, wire, on_progress, on_preview, timeout))
        except Refusal as refusal:
            code, reason = refusal.reason.code, refusal.reason.value
            raise TranslationError(refusal.sentence, code=code, reason=reason) from refusal
        except TimeoutError as error:
            sentence = "The translation took longer than the timeout; allow it more time."
            raise TranslationError(sentence, code="DEADLINE_EXCEEDED") from error

    async def _translate(
        self,
        request: TranslationRequest,
        wire: NDArray[Any],
        on_progress: OnProgress | None,
        on_preview: OnPreview | None,
        timeout: float | None,
    ) -> tuple[NDArray[Any], translation_pb2.Summary]:
        assembly, summary = Assembly(wire), translation_pb2.Summary()
        translation = self._engine.handler.translate(request, _chunks(wire))
        async with asyncio.timeout(timeout), aclosing(translation) as events:
            async for event in events:
                if isinstance(event, bytes):
                    assembly.add(event)
                elif isinstance(event, Summary):
                    summary = summary_message(event)
                elif isinstance(event, Progress) and on_progress:
                    on_progress(progress_message(event))
                elif isinstance(event, Preview) and on_preview:
                    on_preview(preview_message(event))
        return assembly.finish(), summary


def _request(filter_id: str, wire: NDArray[Any], preview_side: int) -> TranslationRequest:
    height, width, channels = wire.shape
    sample_type = next(known for known in SampleType if known.dtype == wire.dtype)
    pixel_format = PixelFormat(Channels(channels), sample_type)
    return TranslationRequest(filter_id, width, height, pixel_format, preview_side)


async def _chunks(wire: NDArray[Any]) -> AsyncIterator[bytes]:
    for chunk in wire_chunks(wire):
        yield chunk
