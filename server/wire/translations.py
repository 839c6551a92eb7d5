"""Messages about translations and filters to the server's types, and back."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

from pleinair.v1 import filters_pb2, translation_pb2

from server.engine.feed import Precision
from server.engine.pixels import ChannelOrder, Channels, PixelFormat, SampleType, TransferFunction
from server.errors import Reason, Refusal
from server.filters.filter_file import Filter
from server.logs.escaping import printable
from server.translation.terms import Preview, Progress, Stage, Summary, TranslationRequest

Value = TypeVar("Value", bound=Enum)

_CHANNELS = {
    translation_pb2.CHANNELS_GREY: Channels.GREY,
    translation_pb2.CHANNELS_GREY_ALPHA: Channels.GREY_ALPHA,
    translation_pb2.CHANNELS_RGB: Channels.RGB,
    translation_pb2.CHANNELS_RGBA: Channels.RGBA,
}

_SAMPLE_TYPES = {
    translation_pb2.SAMPLE_TYPE_UINT8: SampleType.UINT8,
    translation_pb2.SAMPLE_TYPE_UINT16: SampleType.UINT16,
    translation_pb2.SAMPLE_TYPE_FLOAT32: SampleType.FLOAT32,
    translation_pb2.SAMPLE_TYPE_FLOAT16: SampleType.FLOAT16,
}

_TRANSFER_FUNCTIONS = {
    translation_pb2.TRANSFER_FUNCTION_UNSPECIFIED: TransferFunction.SRGB,
    translation_pb2.TRANSFER_FUNCTION_SRGB: TransferFunction.SRGB,
    translation_pb2.TRANSFER_FUNCTION_LINEAR: TransferFunction.LINEAR,
}

_CHANNEL_ORDERS = {
    translation_pb2.CHANNEL_ORDER_UNSPECIFIED: ChannelOrder.RGB,
    translation_pb2.CHANNEL_ORDER_RGB: ChannelOrder.RGB,
    translation_pb2.CHANNEL_ORDER_BGR: ChannelOrder.BGR,
}

_PRECISIONS = {
    Precision.FLOAT32: filters_pb2.PRECISION_FLOAT32,
    Precision.FLOAT16: filters_pb2.PRECISION_FLOAT16,
}

_STAGES = {
    Stage.QUEUED: translation_pb2.Progress.STAGE_QUEUED,
    Stage.TRANSLATING: translation_pb2.Progress.STAGE_TRANSLATING,
}


def request_from(header: translation_pb2.TranslateHeader) -> TranslationRequest:
    """Reads a translation's header. Raises Refusal for an unknown pixel format."""
    pixel_format = pixel_format_from(header.pixel_format, "header.pixel_format")
    return TranslationRequest(header.filter_id, header.width, header.height, pixel_format, header.preview_side)


def pixel_format_from(given: translation_pb2.PixelFormat, field: str) -> PixelFormat:
    """Reads a pixel format that stands at ``field`` in the request. Raises Refusal for an unknown one."""
    return PixelFormat(
        channels=_known(f"{field}.channels", given.channels, _CHANNELS),
        sample_type=_known(f"{field}.sample_type", given.sample_type, _SAMPLE_TYPES),
        transfer_function=_known(f"{field}.transfer_function", given.transfer_function, _TRANSFER_FUNCTIONS),
        channel_order=_known(f"{field}.channel_order", given.channel_order, _CHANNEL_ORDERS),
    )


def progress_message(progress: Progress) -> translation_pb2.Progress:
    return translation_pb2.Progress(
        stage=_STAGES[progress.stage],
        queue_position=progress.queue_position,
        fraction=progress.fraction,
        seconds_left=progress.seconds_left,
    )


def preview_message(preview: Preview) -> translation_pb2.Preview:
    return translation_pb2.Preview(png=preview.png, width=preview.width, height=preview.height)


def summary_message(summary: Summary) -> translation_pb2.Summary:
    return translation_pb2.Summary(
        filter_id=summary.filter_id,
        filter_sha256=summary.filter_sha256,
        execution_provider=summary.execution_provider,
        precision=_PRECISIONS[summary.precision],
        queue_seconds=summary.queue_seconds,
        compute_seconds=summary.compute_seconds,
        pieces=summary.pieces,
        peak_memory_bytes=summary.peak_memory_bytes,
        batch_size=summary.batch_size,
    )


def filter_message(found: Filter) -> filters_pb2.Filter:
    """What stands in one line of a list is printable; a file's name, which may be its title, is perhaps no text."""
    description = found.description
    return filters_pb2.Filter(
        id=description.identifier,
        title=printable(description.title),
        description=description.description,
        source_domain=printable(description.source_domain),
        target_domain=printable(description.target_domain),
        method=printable(description.method),
        spatial_multiple=description.spatial_multiple,
        precision=_PRECISIONS[found.precision],
        licence=description.licence,
        training=filters_pb2.Training(
            images_seen=description.images_seen,
            data_fingerprint=description.data_fingerprint,
            package_version=description.package_version,
            commit=description.commit,
        ),
        thumbnail=description.thumbnail,
        sha256=found.sha256,
        file_bytes=found.file_bytes,
    )


def rejected_message(file_name: str, reason: str) -> filters_pb2.RejectedFile:
    """Both are printable."""
    return filters_pb2.RejectedFile(file_name=printable(file_name), reason=printable(reason))


def _known(field: str, given: int, known: Mapping[Any, Value]) -> Value:
    if given not in known:
        names = ", ".join(dict.fromkeys(value.name for value in known.values()))
        raise Refusal(
            Reason.BAD_HEADER,
            f"The pixel format's {field.rpartition('.')[2]} is {given or 'unspecified'}; expected one of {names}.",
            field=field,
        )
    return known[given]
