"""A client that can also misbehave: it sends any frames, and sees the whole status of a call that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import grpc
import numpy as np
import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2_grpc
from grpc_status import rpc_status
from numpy.typing import NDArray
from pleinair.inference import open_inference_pb2_grpc
from pleinair.v1 import filters_pb2_grpc, training_pb2_grpc, translation_pb2_grpc
from pleinair.v1 import translation_pb2 as pb

SECONDS = 30.0  # for a call that should be quick, on a machine that may not be


@dataclass(frozen=True)
class Failure:
    """The status of a call that failed."""

    code: str
    sentence: str
    reason: str | None = None
    domain: str | None = None
    fields: list[str] = field(default_factory=list)
    retry_seconds: float | None = None


class Connection:
    """To a server, over whatever transport gave the channel. ``filters`` is the folder that the server serves."""

    def __init__(self, channel: grpc.Channel, filters: Path) -> None:
        self.filters_folder = filters
        self.channel = channel
        self.translation = translation_pb2_grpc.TranslationServiceStub(channel)
        self.filters = filters_pb2_grpc.FilterServiceStub(channel)
        self.training = training_pb2_grpc.TrainingServiceStub(channel)
        self.inference = open_inference_pb2_grpc.GRPCInferenceServiceStub(channel)
        self.health: Any = health_pb2_grpc.HealthStub(channel)

    def translate(self, filter_id: str, pixels: NDArray[Any], **header: Any) -> NDArray[Any]:
        """Pixels, H x W x C, through the wire and back."""
        reply = self.send([frame_of(filter_id, pixels, **header), *chunks_of(pixels)])
        return np.frombuffer(reply.pixels, pixels.dtype).reshape(pixels.shape)

    def send(self, frames: Iterable[pb.TranslateRequest], *, timeout: float = SECONDS) -> Reply:
        return Reply(list(self.translation.Translate(iter(frames), timeout=timeout)))

    def is_well(self) -> bool:
        """Whether the device is free and a small picture is translated."""
        pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
        return bool((self.translate("identity", pixels) == pixels).all())


@dataclass(frozen=True)
class Reply:
    """All response frames of a translation that succeeded."""

    frames: list[pb.TranslateResponse]

    @property
    def kinds(self) -> list[str | None]:
        return [frame.WhichOneof("frame") for frame in self.frames]

    @property
    def pixels(self) -> bytes:
        return b"".join(frame.pixels for frame in self.frames)

    @property
    def summary(self) -> pb.Summary:
        return self.frames[-1].summary


Connect = Callable[..., AbstractContextManager[Connection]]


def header(
    *,
    filter_id: str = "identity",
    width: int = 2,
    height: int = 2,
    channels: int = pb.CHANNELS_RGB,
    sample_type: int = pb.SAMPLE_TYPE_UINT8,
    transfer_function: int = pb.TRANSFER_FUNCTION_UNSPECIFIED,
    channel_order: int = pb.CHANNEL_ORDER_UNSPECIFIED,
) -> pb.TranslateHeader:
    """Numbers that the enumerations do not have are sent as they are."""
    pixel_format = pb.PixelFormat(
        channels=pb.Channels.ValueType(channels),
        sample_type=pb.SampleType.ValueType(sample_type),
        transfer_function=pb.TransferFunction.ValueType(transfer_function),
        channel_order=pb.ChannelOrder.ValueType(channel_order),
    )
    return pb.TranslateHeader(filter_id=filter_id, width=width, height=height, pixel_format=pixel_format)


def header_frame(**changes: Any) -> pb.TranslateRequest:
    return pb.TranslateRequest(header=header(**changes))


def pixel_frame(pixels: bytes) -> pb.TranslateRequest:
    return pb.TranslateRequest(pixels=pixels)


_SAMPLE_TYPES = {
    "uint8": pb.SAMPLE_TYPE_UINT8,
    "uint16": pb.SAMPLE_TYPE_UINT16,
    "float16": pb.SAMPLE_TYPE_FLOAT16,
    "float32": pb.SAMPLE_TYPE_FLOAT32,
}


def frame_of(filter_id: str, pixels: NDArray[Any], **changes: Any) -> pb.TranslateRequest:
    """The header that goes with the pixels."""
    height, width, channels = pixels.shape
    return header_frame(
        filter_id=filter_id,
        width=width,
        height=height,
        channels=channels,
        sample_type=_SAMPLE_TYPES[pixels.dtype.name],
        **changes,
    )


def chunks_of(pixels: NDArray[Any], size: int = 1 << 20) -> Iterator[pb.TranslateRequest]:
    raw = pixels.tobytes()
    return (pixel_frame(raw[start : start + size]) for start in range(0, len(raw), size))


@contextmanager
def failing() -> Iterator[list[Failure]]:
    """The block must end with a failed call, whose status is put into the list."""
    failures: list[Failure] = []
    with pytest.raises(grpc.RpcError) as caught:
        yield failures
    failures.append(failure_of(cast(grpc.Call, caught.value)))


def failure_of(call: grpc.Call) -> Failure:
    details = _details(call)
    info, request, retry = (
        details.get(kind)
        for kind in (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest, error_details_pb2.RetryInfo)
    )
    return Failure(
        code=call.code().name,
        sentence=call.details() or "",
        reason=info and info.reason,
        domain=info and info.domain,
        fields=[violation.field for violation in request.field_violations] if request else [],
        retry_seconds=retry.retry_delay.ToMilliseconds() / 1000 if retry else None,
    )


def _details(call: grpc.Call) -> dict[type[Message], Any]:
    try:
        status = rpc_status.from_call(call)
    except ValueError:  # ended here, by a cancellation or the deadline, as the server's own status arrived
        status = None
    kinds = (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest, error_details_pb2.RetryInfo)
    found: dict[type[Message], Any] = {}
    for packed in status.details if status else []:
        kind = next(kind for kind in kinds if packed.Is(kind.DESCRIPTOR))
        found[kind] = kind.FromString(packed.value)
    return found
