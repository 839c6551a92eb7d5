"""GRPCInferenceService, the Open Inference Protocol v2, on grpc.aio."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from typing import Any

import grpc
from numpy.typing import NDArray
from pleinair.inference import open_inference_pb2 as pb
from pleinair.inference import open_inference_pb2_grpc

from server.admission import Admission
from server.errors import Reason, Refusal
from server.filters.filter_file import Filter
from server.filters.folder import FilterFolder
from server.services.caller import caller_of
from server.translation.handler import Summary, TranslationHandler
from server.translation.picture_batch import translate_batch
from server.wire.status import refusals_as_status
from server.wire.tensors import LAYOUTS, Batch, batch_from, put_pictures, seconds_from, tensor_metadata

PLATFORM = "onnx_onnxv1"
VERSION = "1"

Context = grpc.aio.ServicerContext[Any, Any]


class InferenceService(open_inference_pb2_grpc.GRPCInferenceServiceServicer):
    """``admission`` is the translations': a call is one of them, however many pictures it brings."""

    def __init__(self, handler: TranslationHandler, folder: FilterFolder, admission: Admission) -> None:
        self._handler = handler
        self._folder = folder
        self._admission = admission

    async def ServerLive(self, request: pb.ServerLiveRequest, context: Context) -> pb.ServerLiveResponse:
        return pb.ServerLiveResponse(live=True)

    async def ServerReady(self, request: pb.ServerReadyRequest, context: Context) -> pb.ServerReadyResponse:
        return pb.ServerReadyResponse(ready=self._admission.is_open)

    async def ModelReady(self, request: pb.ModelReadyRequest, context: Context) -> pb.ModelReadyResponse:
        exists = request.name in self._folder.catalogue.filters and request.version in ("", VERSION)
        return pb.ModelReadyResponse(ready=exists and self._admission.is_open)

    async def ServerMetadata(self, request: pb.ServerMetadataRequest, context: Context) -> pb.ServerMetadataResponse:
        return pb.ServerMetadataResponse(name="pleinair", version=version("pleinair"))

    async def ModelMetadata(self, request: pb.ModelMetadataRequest, context: Context) -> pb.ModelMetadataResponse:
        async with refusals_as_status(context):
            found = self._find(request.name, request.version)
        return pb.ModelMetadataResponse(
            name=found.identifier,
            versions=[VERSION],
            platform=PLATFORM,
            inputs=[tensor_metadata(layout.input, layout) for layout in LAYOUTS],
            outputs=[tensor_metadata(layout.output, layout) for layout in LAYOUTS],
        )

    async def ModelInfer(self, request: pb.ModelInferRequest, context: Context) -> pb.ModelInferResponse:
        client = caller_of(context)
        async with refusals_as_status(context), self._admission.admit(_seconds(request, context), client):
            found = self._find(request.model_name, request.model_version)
            batch = await asyncio.to_thread(batch_from, request)
            pictures = await asyncio.to_thread(batch.pictures)
            done = await translate_batch(self._handler, found.identifier, pictures, client=client)
            return await asyncio.to_thread(_response, request, batch, done)

    def _find(self, name: str, version: str) -> Filter:
        if version not in ("", VERSION):
            raise Refusal(
                Reason.FILTER_NOT_FOUND,
                f"There is no version {version[:64]!r} of a model; expected '{VERSION}', the only one, or none.",
            )
        return self._folder.find(name)


def _seconds(request: pb.ModelInferRequest, context: Context) -> float | None:
    """The earlier of the call's deadline and the request's own."""
    limits = [limit for limit in (context.time_remaining(), seconds_from(request)) if limit is not None]
    return min(limits, default=None)


def _response(
    request: pb.ModelInferRequest, batch: Batch, done: list[tuple[NDArray[Any], Summary]]
) -> pb.ModelInferResponse:
    response = pb.ModelInferResponse(model_name=request.model_name, model_version=VERSION, id=request.id)
    summary = done[0][1]
    for name, value in (
        ("filter_sha256", summary.filter_sha256),
        ("execution_provider", summary.execution_provider),
        ("precision", summary.precision.value),
    ):
        response.parameters[name].string_param = value
    put_pictures(response, [picture for picture, _ in done], batch.wanted)
    return response
