"""TranslationService: translates raw pixels as a stream, or one encoded picture."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator

from pleinair.v1 import translation_pb2
from pleinair.v1.translation_pb2 import (
    TranslateHeader,
    TranslateImageRequest,
    TranslateImageResponse,
    TranslateRequest,
    TranslateResponse,
)

from server.admission import Admission
from server.errors import Reason, Refusal
from server.services.endpoint import CallContext, Entrance
from server.translation.handler import TranslationHandler
from server.translation.terms import Preview, Progress, Summary
from server.wire.translations import preview_message, progress_message, request_from, summary_message


class TranslationService:
    """Serves translations by ``handler``. ``admission`` is shared with all other calls that translate."""

    descriptor = translation_pb2.DESCRIPTOR.services_by_name["TranslationService"]

    def __init__(self, handler: TranslationHandler, admission: Admission) -> None:
        self._handler = handler
        self.entrances = dict.fromkeys(("Translate", "TranslateImage"), Entrance(admission))

    async def Translate(
        self, requests: AsyncIterator[TranslateRequest], call: CallContext
    ) -> AsyncGenerator[TranslateResponse, None]:
        request = request_from(await _header(requests))
        translation = self._handler.translate(request, _pixels(requests), client=call.client, seconds=call.seconds_left)
        async with contextlib.aclosing(translation) as steps:
            async for step in steps:
                yield _response(step)

    async def TranslateImage(self, request: TranslateImageRequest, call: CallContext) -> TranslateImageResponse:
        png, summary, notes = await self._handler.translate_image(
            request.filter_id, request.image, client=call.client, seconds=call.seconds_left
        )
        return TranslateImageResponse(image=png, summary=summary_message(summary), notes=notes)


async def _header(frames: AsyncIterator[TranslateRequest]) -> TranslateHeader:
    async for frame in frames:
        if frame.WhichOneof("frame") == "header":
            return frame.header
        break
    raise Refusal(Reason.BAD_HEADER, "The first frame must be a header, followed by pixels.", field="header")


async def _pixels(frames: AsyncIterator[TranslateRequest]) -> AsyncIterator[bytes]:
    async for frame in frames:
        if frame.WhichOneof("frame") != "pixels":
            raise Refusal(
                Reason.BAD_HEADER,
                "A call has one header, and only frames with pixels may follow it.",
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
