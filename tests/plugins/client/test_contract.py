"""The plug-ins' client and grpcio's, asked the same of one real server, hear the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, cast

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from pleinair.v1 import filters_pb2, filters_pb2_grpc, translation_pb2, translation_pb2_grpc

from plugins.client import Client, ClientError, codec
from plugins.client.messages import Channels, Filter, RejectedFile, SampleType, TranslateHeader
from tests.plugins.client.layers import header, pixels_for

FORMATS = list(
    product(
        (Channels.GREY, Channels.GREY_ALPHA, Channels.RGB, Channels.RGBA),
        (SampleType.UINT8, SampleType.UINT16, SampleType.FLOAT16, SampleType.FLOAT32),
    )
)


@dataclass(frozen=True)
class Outcome:
    """Of a translation: its pixels, or the status, the reason and the server's sentence."""

    pixels: bytes = b""
    code: str = "OK"
    reason: str = ""
    sentence: str = ""


@pytest.fixture(scope="module")
def channel(address: str) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(address) as channel:
        yield channel


def by_plugin(client: Client, header: TranslateHeader, pixels: bytes, **options: Any) -> Outcome:
    try:
        return Outcome(bytes(client.translate(header, pixels, **options).pixels))
    except ClientError as error:
        return Outcome(code=error.code, reason=error.reason, sentence=error.detail)


def by_grpcio(channel: grpc.Channel, header: TranslateHeader, pixels: bytes, *, timeout: float = 60) -> Outcome:
    first = translation_pb2.TranslateRequest(header=translation_pb2.TranslateHeader.FromString(codec.encode(header)))
    chunks = [pixels[start : start + (1 << 20)] for start in range(0, len(pixels), 1 << 20)]
    frames = [first, *(translation_pb2.TranslateRequest(pixels=chunk) for chunk in chunks)]
    stub = translation_pb2_grpc.TranslationServiceStub(channel)
    try:
        return Outcome(b"".join(reply.pixels for reply in stub.Translate(iter(frames), timeout=timeout)))
    except grpc.RpcError as error:
        return failure_of(cast(grpc.Call, error))


def failure_of(call: grpc.Call) -> Outcome:
    status, info = rpc_status.from_call(call), error_details_pb2.ErrorInfo()
    assert status is not None
    assert any(detail.Unpack(info) for detail in status.details)
    return Outcome(code=call.code().name, reason=info.reason, sentence=call.details() or "")


@pytest.mark.parametrize(("channels", "sample_type"), FORMATS)
def test_pixels_of_every_format_come_back_the_same(
    client: Client, channel: grpc.Channel, channels: int, sample_type: int
) -> None:
    layer = header(width=17, height=9, channels=channels, sample_type=sample_type)
    outcome = by_plugin(client, layer, pixels_for(layer))
    assert outcome.code == "OK"
    assert outcome == by_grpcio(channel, layer, pixels_for(layer))


@pytest.mark.parametrize(
    ("layer", "missing", "code", "reason"),
    [
        (header("nothing"), 0, "NOT_FOUND", "FILTER_NOT_FOUND"),
        (header(width=0), 0, "INVALID_ARGUMENT", "BAD_HEADER"),
        (header(channels=Channels.UNSPECIFIED), 0, "INVALID_ARGUMENT", "BAD_HEADER"),
        (header(), 1, "INVALID_ARGUMENT", "TOO_FEW_PIXELS"),
        (header(), -1, "INVALID_ARGUMENT", "TOO_MANY_PIXELS"),
        (header(width=1 << 12, height=1 << 12), 0, "INVALID_ARGUMENT", "PICTURE_TOO_LARGE"),
        (header("failing", width=32, height=32), 0, "INTERNAL", "FILTER_FAILED"),
    ],
)
def test_refusals_have_the_same_code_reason_and_sentence(
    client: Client, channel: grpc.Channel, layer: TranslateHeader, missing: int, code: str, reason: str
) -> None:
    pixels = pixels_for(layer)
    pixels = pixels[missing:] if missing >= 0 else pixels + b"\x01"
    outcome = by_plugin(client, layer, pixels)
    assert (outcome.code, outcome.reason) == (code, reason)
    assert outcome == by_grpcio(channel, layer, pixels)


def test_a_deadline_ends_both_with_the_same_code(client: Client, channel: grpc.Channel) -> None:
    layer = header("slow", width=1024, height=1024)
    outcome = by_plugin(client, layer, pixels_for(layer), timeout=0.5)
    assert outcome.code == "DEADLINE_EXCEEDED"
    stub = translation_pb2_grpc.TranslationServiceStub(channel)
    first = translation_pb2.TranslateHeader.FromString(codec.encode(layer))
    frames = [translation_pb2.TranslateRequest(header=first)]
    with pytest.raises(grpc.RpcError) as caught:
        list(stub.Translate(iter([*frames, translation_pb2.TranslateRequest(pixels=pixels_for(layer))]), timeout=0.5))
    assert cast(grpc.Call, caught.value).code().name == outcome.code


def test_the_filters_and_the_rejected_files_are_the_same(client: Client, channel: grpc.Channel) -> None:
    ours = client.list_filters()
    theirs = filters_pb2_grpc.FilterServiceStub(channel).ListFilters(filters_pb2.ListFiltersRequest())
    assert ours.filters == [codec.decode(Filter, found.SerializeToString()) for found in theirs.filters]
    assert ours.rejected == [codec.decode(RejectedFile, file.SerializeToString()) for file in theirs.rejected_files]
    assert [found.id for found in ours.filters] == ["failing", "identity", "inverting", "slow"]
    assert [file.file_name for file in ours.rejected] == ["broken.onnx"]


def test_the_summary_says_what_ran(client: Client) -> None:
    summary = client.translate(header(), pixels_for(header())).summary
    assert (summary.filter_id, summary.execution_provider) == ("inverting", "CPUExecutionProvider")
    assert summary.compute_seconds > 0
