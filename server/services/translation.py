"""TranslationService on grpc.aio."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import grpc
from pleinair.v1 import translation_pb2_grpc
from pleinair.v1.translation_pb2 import (
    TranslateHeader,
    TranslateImageRequest,
    TranslateImageResponse,
    TranslateRequest,
    TranslateResponse,
)

from server.admission import Admission
from server.errors import Reason, Refusal
from server.services.caller import caller_of
from server.translation.handler import Preview, Progress, Summary, TranslationHandler
from server.wire.status import refusals_as_status
from server.wire.translations import preview_message, progress_message, request_from, summary_message


class TranslationService(translation_pb2_grpc.TranslationServiceServicer):
    def __init__(self, handler: TranslationHandler, admission: Admission) -> None:
        self._handler = handler
        self._admission = admission

    # A coroutine that writes, not a generator: grpc.aio cancels it where it waits, so nothing is left suspended.
    async def Translate(  # type: ignore[override]
        self,
        request_iterator: AsyncIterator[TranslateRequest],
        context: grpc.aio.ServicerContext[Any, Any],
    ) -> None:
        client = caller_of(context)
        async with refusals_as_status(context), self._admission.admit(context.time_remaining(), client):
            request = request_from(await _header(request_iterator))
            translation = self._handler.translate(request, _pixels(request_iterator), client=client)
            async with contextlib.aclosing(translation) as steps:
                async for step in steps:
                    await context.write(_response(step))

    async def TranslateImage(
        self, request: TranslateImageRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> TranslateImageResponse:
        client = caller_of(context)
        async with refusals_as_status(context), self._admission.admit(context.time_remaining(), client):
            png, summary, notes = await self._handler.translate_image(request.filter_id, request.image, client=client)
        return TranslateImageResponse(image=png, summary=summary_message(summary), notes=notes)


async def _header(frames: AsyncIterator[TranslateRequest]) -> TranslateHeader:
    async for frame in frames:
        if frame.WhichOneof("frame") == "header":
            return frame.header
        break
    raise Refusal(Reason.BAD_HEADER, "The first frame must be a header, and pixels follow it.", field="header")


async def _pixels(frames: AsyncIterator[TranslateRequest]) -> AsyncIterator[bytes]:
    async for frame in frames:
        if frame.WhichOneof("frame") != "pixels":
            raise Refusal(
                Reason.BAD_HEADER,
                "After the header only frames with pixels may follow, one header a call.",
                field="header",
            )
        yield frame.pixels


def _response(step: Progress | Preview | bytes | Summary) -> TranslateResponse:
    match step:
        case Progress():
            return TranslateResponse(progress=progress_message(step))
        case Preview():
            return TranslateResponse(preview=preview_message(step))
        case Summary():
            return TranslateResponse(summary=summary_message(step))
        case pixels:
            return TranslateResponse(pixels=pixels)
