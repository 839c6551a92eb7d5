"""GRPCInferenceService, the Open Inference Protocol v2: batches of pictures as tensors."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from typing import Any

from numpy.typing import NDArray
from pleinair.inference import open_inference_pb2 as pb

from server.admission import Admission
from server.errors import Reason, Refusal
from server.filters.filter_file import Filter
from server.filters.folder import FilterFolder
from server.services.endpoint import CallContext, Entrance
from server.translation.handler import TranslationHandler
from server.translation.picture_batch import translate_batch
from server.translation.terms import Summary
from server.wire.tensors import LAYOUTS, Batch, batch_from, put_pictures, seconds_from, tensor_metadata

PLATFORM = "onnx_onnxv1"
VERSION = "1"


class InferenceService:
    """Shares ``admission`` with translations: a call takes one place, however many pictures it brings."""

    descriptor = pb.DESCRIPTOR.services_by_name["GRPCInferenceService"]

    def __init__(self, handler: TranslationHandler, folder: FilterFolder, admission: Admission) -> None:
        self._handler = handler
        self._folder = folder
        self._admission = admission
        self.entrances = {"ModelInfer": Entrance(admission, seconds_from)}

    async def ServerLive(self, request: pb.ServerLiveRequest, call: CallContext) -> pb.ServerLiveResponse:
        return pb.ServerLiveResponse(live=True)

    async def ServerReady(self, request: pb.ServerReadyRequest, call: CallContext) -> pb.ServerReadyResponse:
        return pb.ServerReadyResponse(ready=self._admission.is_open)

    async def ModelReady(self, request: pb.ModelReadyRequest, call: CallContext) -> pb.ModelReadyResponse:
        exists = request.name in self._folder.catalogue.filters and request.version in ("", VERSION)
        return pb.ModelReadyResponse(ready=exists and self._admission.is_open)

    async def ServerMetadata(self, request: pb.ServerMetadataRequest, call: CallContext) -> pb.ServerMetadataResponse:
        return pb.ServerMetadataResponse(name="pleinair", version=version("pleinair"))

    async def ModelMetadata(self, request: pb.ModelMetadataRequest, call: CallContext) -> pb.ModelMetadataResponse:
        found = self._find(request.name, request.version)
        return pb.ModelMetadataResponse(
            name=found.identifier,
            versions=[VERSION],
            platform=PLATFORM,
            inputs=[tensor_metadata(layout.input, layout) for layout in LAYOUTS],
            outputs=[tensor_metadata(layout.output, layout) for layout in LAYOUTS],
        )

    async def ModelInfer(self, request: pb.ModelInferRequest, call: CallContext) -> pb.ModelInferResponse:
        found = self._find(request.model_name, request.model_version)
        batch = await asyncio.to_thread(batch_from, request)
        async with self._handler.tensor_memory(batch.memory_bytes, call.client) as held:
            pictures = await asyncio.to_thread(batch.pictures)
            done = await translate_batch(
                self._handler, found.identifier, pictures, held, client=call.client, seconds=call.seconds_left
            )
            return await asyncio.to_thread(_response, request, batch, done)

    def _find(self, name: str, version: str) -> Filter:
        if version not in ("", VERSION):
            raise Refusal(
                Reason.FILTER_NOT_FOUND,
                f"There is no version {version[:64]!r} of any model; expected '{VERSION}', the only one, or none.",
            )
        return self._folder.find(name)


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
