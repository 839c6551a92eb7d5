"""TranslationService over grpc.aio."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

from pleinair.v1 import translation_pb2 as pb
from pleinair.v1 import translation_pb2_grpc

from server.engine.pixels import Channels, PixelFormat, SampleType, TransferFunction
from server.errors import Reason, Refusal
from server.handlers import Progress, Stage, Summary, TranslationHandler, TranslationRequest
from server.services.answering import Context, answering
from server.services.filters import precision

_CHANNELS = {
    pb.CHANNELS_GREY: Channels.GREY,
    pb.CHANNELS_GREY_ALPHA: Channels.GREY_ALPHA,
    pb.CHANNELS_RGB: Channels.RGB,
    pb.CHANNELS_RGBA: Channels.RGBA,
}
_SAMPLE_TYPES = {
    pb.SAMPLE_TYPE_UINT8: SampleType.UINT8,
    pb.SAMPLE_TYPE_UINT16: SampleType.UINT16,
    pb.SAMPLE_TYPE_FLOAT32: SampleType.FLOAT32,
}
_TRANSFER_FUNCTIONS = {
    pb.TRANSFER_FUNCTION_UNSPECIFIED: TransferFunction.SRGB,
    pb.TRANSFER_FUNCTION_SRGB: TransferFunction.SRGB,
    pb.TRANSFER_FUNCTION_LINEAR: TransferFunction.LINEAR,
}
_STAGES = {Stage.QUEUED: pb.Progress.STAGE_QUEUED, Stage.TRANSLATING: pb.Progress.STAGE_TRANSLATING}


class TranslationService(translation_pb2_grpc.TranslationServiceServicer):
    def __init__(self, handler: TranslationHandler, *, deadline: float) -> None:
        self._handler = handler
        self._deadline = deadline

    # Not an async generator: the deadline's scope must not be left between two answers.
    async def Translate(  # type: ignore[override]
        self, request_iterator: AsyncIterator[pb.TranslateRequest], context: Context
    ) -> None:
        async with answering(context, seconds=self._deadline):
            request = _request(await anext(request_iterator, pb.TranslateRequest()))
            async with aclosing(self._handler.translate(request, _pixels(request_iterator))) as events:
                async for event in events:
                    await context.write(_response(event))

    async def TranslateImage(self, request: pb.TranslateImageRequest, context: Context) -> pb.TranslateImageResponse:
        async with answering(context, seconds=self._deadline):
            image, summary, notes = await self._handler.translate_image(request.filter_id, request.image)
            return pb.TranslateImageResponse(image=image, summary=to_summary(summary), notes=notes)
        raise AssertionError("answering ends the call")


def to_summary(summary: Summary) -> pb.Summary:
    return pb.Summary(
        filter_id=summary.filter_id,
        filter_sha256=summary.filter_sha256,
        execution_provider=summary.execution_provider,
        precision=precision(summary.half),
        queue_seconds=summary.queue_seconds,
        compute_seconds=summary.compute_seconds,
    )


def to_progress(progress: Progress) -> pb.Progress:
    return pb.Progress(stage=_STAGES[progress.stage], queue_position=progress.queue_position)


def _response(event: Progress | bytes | Summary) -> pb.TranslateResponse:
    match event:
        case Progress():
            return pb.TranslateResponse(progress=to_progress(event))
        case Summary():
            return pb.TranslateResponse(summary=to_summary(event))
        case _:
            return pb.TranslateResponse(pixels=event)


def _request(frame: pb.TranslateRequest) -> TranslationRequest:
    if frame.WhichOneof("frame") != "header":
        sentence = (
            "The first frame must be a header with filter, width, height and pixel format; send it before pixels."
        )
        raise Refusal(Reason.BAD_HEADER, sentence, field="header")
    header = frame.header
    return TranslationRequest(
        filter_id=header.filter_id,
        width=header.width,
        height=header.height,
        pixel_format=_pixel_format(header.pixel_format),
    )


def _pixel_format(told: pb.PixelFormat) -> PixelFormat:
    for name, value, known in (
        ("channels", told.channels, _CHANNELS),
        ("sample_type", told.sample_type, _SAMPLE_TYPES),
        ("transfer_function", told.transfer_function, _TRANSFER_FUNCTIONS),
    ):
        if value not in known:
            sentence = f"The pixel format's {name} is missing or not known to this server; set one of the protocol's."
            raise Refusal(Reason.BAD_HEADER, sentence, field=f"header.pixel_format.{name}")
    return PixelFormat(
        _CHANNELS[told.channels], _SAMPLE_TYPES[told.sample_type], _TRANSFER_FUNCTIONS[told.transfer_function]
    )


async def _pixels(frames: AsyncIterator[pb.TranslateRequest]) -> AsyncIterator[bytes]:
    async for frame in frames:
        if frame.WhichOneof("frame") != "pixels":
            sentence = "After the header only frames with pixels may come; send one header, once."
            raise Refusal(Reason.BAD_HEADER, sentence, field="header")
        yield frame.pixels
