"""TrainingService on grpc.aio."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from typing import Any

import grpc
from pleinair.v1 import training_pb2 as pb
from pleinair.v1 import training_pb2_grpc

from server.admission import Admission
from server.errors import Reason, Refusal
from server.trainings.handler import View
from server.trainings.jobs.names import is_job_id
from server.trainings.jobs.pictures import PictureHeader
from server.trainings.trainings import Trainings
from server.wire.status import refusals_as_status
from server.wire.trainings import job_message, picture_from, request_from, watched_message

PAGE_SIZE = 50
LARGEST_PAGE = 200

Context = grpc.aio.ServicerContext[Any, Any]


class TrainingService(training_pb2_grpc.TrainingServiceServicer):
    """``calls`` says how many may send pictures or wait for filters at once, ``watchers`` how many may watch."""

    def __init__(self, trainings: Trainings, calls: Admission, watchers: Admission) -> None:
        self._trainings = trainings
        self._calls = calls
        self._watchers = watchers

    async def StartTraining(
        self, request_iterator: AsyncIterator[pb.StartTrainingRequest], context: Context
    ) -> pb.StartTrainingResponse:
        async with refusals_as_status(context), self._calls.admit(context.time_remaining()):
            handler = self._trainings.handler()
            request = request_from(await _header(request_iterator))
            view = await handler.start(request, _pictures(request_iterator))
        return pb.StartTrainingResponse(job=job_message(view))

    async def WatchTraining(  # type: ignore[override]
        self, request: pb.WatchTrainingRequest, context: Context
    ) -> None:
        async with refusals_as_status(context), self._watchers.admit(context.time_remaining()):
            watch = self._trainings.handler().watch(request.id, previews=not request.omit_previews)
            async with contextlib.aclosing(watch) as news:
                async for watched in news:
                    await context.write(watched_message(watched))

    async def GetTraining(self, request: pb.GetTrainingRequest, context: Context) -> pb.GetTrainingResponse:
        async with refusals_as_status(context):
            handler = self._trainings.handler()
            log_tail = await handler.log_tail(request.id)
            return pb.GetTrainingResponse(job=job_message(handler.get(request.id)), log_tail=log_tail)

    async def ListTrainings(self, request: pb.ListTrainingsRequest, context: Context) -> pb.ListTrainingsResponse:
        async with refusals_as_status(context):
            return _page(self._trainings.handler().all(), request)

    async def CancelTraining(self, request: pb.CancelTrainingRequest, context: Context) -> pb.CancelTrainingResponse:
        async with refusals_as_status(context):
            view = self._trainings.handler().cancel(request.id, keep_filter=request.keep_filter)
            return pb.CancelTrainingResponse(job=job_message(view))

    async def ExportTraining(self, request: pb.ExportTrainingRequest, context: Context) -> pb.ExportTrainingResponse:
        async with refusals_as_status(context), self._calls.admit(context.time_remaining()):
            view, sha256 = await self._trainings.handler().export(request.id)
        return pb.ExportTrainingResponse(job=job_message(view), filter_sha256=sha256)

    async def ResumeTraining(self, request: pb.ResumeTrainingRequest, context: Context) -> pb.ResumeTrainingResponse:
        async with refusals_as_status(context):
            return pb.ResumeTrainingResponse(job=job_message(self._trainings.handler().resume(request.id)))

    async def DeleteTraining(self, request: pb.DeleteTrainingRequest, context: Context) -> pb.DeleteTrainingResponse:
        async with refusals_as_status(context):
            await self._trainings.handler().delete(request.id)
        return pb.DeleteTrainingResponse()


async def _header(frames: AsyncIterator[pb.StartTrainingRequest]) -> pb.TrainingHeader:
    async for frame in frames:
        if frame.WhichOneof("frame") == "header":
            return frame.header
        break
    raise Refusal(Reason.BAD_HEADER, "The first frame must be a header, and pictures follow it.", field="header")


async def _pictures(frames: AsyncIterator[pb.StartTrainingRequest]) -> AsyncIterator[PictureHeader | bytes]:
    async for frame in frames:
        match frame.WhichOneof("frame"):
            case "picture":
                yield picture_from(frame.picture)
            case "data":
                yield frame.data
            case _:
                raise Refusal(
                    Reason.BAD_HEADER,
                    "After the header only pictures and their data may follow, one header a call.",
                    field="header",
                )


def _page(views: list[View], request: pb.ListTrainingsRequest) -> pb.ListTrainingsResponse:
    """The page token is the last job of the page before, with its time, so pages hold while jobs come and go."""
    time, job_id = _last_told(request.page_token)
    rest = [view for view in views if not job_id or (view.job.create_time, view.job.id) < (time, job_id)]
    page = rest[: min(request.page_size or PAGE_SIZE, LARGEST_PAGE)]
    token = f"{page[-1].job.create_time!r}/{page[-1].job.id}" if len(rest) > len(page) else ""
    return pb.ListTrainingsResponse(jobs=map(job_message, page), next_page_token=token)


def _last_told(token: str) -> tuple[float, str]:
    time, _, job_id = token.partition("/")
    if not token:
        return 0.0, ""
    if re.fullmatch(r"\d+\.\d+", time) and is_job_id(job_id):
        return float(time), job_id
    raise Refusal(
        Reason.BAD_PAGE_TOKEN,
        "The page token is not from an answer of this server; leave it empty for the first page.",
        field="page_token",
    )
