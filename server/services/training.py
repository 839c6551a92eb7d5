"""TrainingService: starts, watches and ends trainings, and makes filters of them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncGenerator, AsyncIterator

from pleinair.v1 import training_pb2 as pb

from server.admission import Admission
from server.errors import Reason, Refusal
from server.services.endpoint import CallContext, Entrance
from server.services.pages import LARGEST_PAGE, PAGE_SIZE, fitting
from server.trainings.jobs.names import is_job_id
from server.trainings.jobs.pictures import PictureHeader
from server.trainings.support import TrainingSupport
from server.trainings.terms import JobView
from server.wire.trainings import job_message, news_message, picture_from, request_from

_PAGE_BYTES = 2 << 20  # clients of gRPC take 4 MiB, unless they are told otherwise


class TrainingService:
    """``calls`` limits how many calls may send pictures or make filters at once, ``watchers`` how many may watch."""

    descriptor = pb.DESCRIPTOR.services_by_name["TrainingService"]

    def __init__(self, trainings: TrainingSupport, calls: Admission, watchers: Admission) -> None:
        self._trainings = trainings
        self.entrances = {
            "StartTraining": Entrance(calls),
            "ExportTraining": Entrance(calls),
            "WatchTraining": Entrance(watchers),
        }

    async def StartTraining(
        self, requests: AsyncIterator[pb.StartTrainingRequest], call: CallContext
    ) -> pb.StartTrainingResponse:
        handler = self._trainings.handler()
        request = request_from(await _header(requests))
        view = await handler.start(request, _pictures(requests), client=call.client)
        return pb.StartTrainingResponse(job=job_message(view))

    async def WatchTraining(
        self, request: pb.WatchTrainingRequest, call: CallContext
    ) -> AsyncGenerator[pb.WatchTrainingResponse, None]:
        watch = self._trainings.handler().watch(request.id, previews=not request.omit_previews)
        async with contextlib.aclosing(watch) as all_news:
            async for news in all_news:
                yield news_message(news)

    async def GetTraining(self, request: pb.GetTrainingRequest, call: CallContext) -> pb.GetTrainingResponse:
        handler = self._trainings.handler()
        log_tail = await handler.log_tail(request.id)
        return pb.GetTrainingResponse(job=job_message(handler.get(request.id)), log_tail=log_tail)

    async def ListTrainings(self, request: pb.ListTrainingsRequest, call: CallContext) -> pb.ListTrainingsResponse:
        return _page(self._trainings.handler().all(), request)

    async def CancelTraining(self, request: pb.CancelTrainingRequest, call: CallContext) -> pb.CancelTrainingResponse:
        view = self._trainings.handler().cancel(request.id, keep_filter=request.keep_filter)
        return pb.CancelTrainingResponse(job=job_message(view))

    async def ExportTraining(self, request: pb.ExportTrainingRequest, call: CallContext) -> pb.ExportTrainingResponse:
        view, sha256 = await self._trainings.handler().export(request.id)
        return pb.ExportTrainingResponse(job=job_message(view), filter_sha256=sha256)

    async def ResumeTraining(self, request: pb.ResumeTrainingRequest, call: CallContext) -> pb.ResumeTrainingResponse:
        view = self._trainings.handler().resume(request.id, client=call.client)
        return pb.ResumeTrainingResponse(job=job_message(view))

    async def DeleteTraining(self, request: pb.DeleteTrainingRequest, call: CallContext) -> pb.DeleteTrainingResponse:
        await self._trainings.handler().delete(request.id)
        return pb.DeleteTrainingResponse()


async def _header(frames: AsyncIterator[pb.StartTrainingRequest]) -> pb.TrainingHeader:
    async for frame in frames:
        if frame.WhichOneof("frame") == "header":
            return frame.header
        break
    raise Refusal(Reason.BAD_HEADER, "The first frame must be a header, followed by pictures.", field="header")


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
                    "A call has one header, and only pictures and their data may follow it.",
                    field="header",
                )


def _page(views: list[JobView], request: pb.ListTrainingsRequest) -> pb.ListTrainingsResponse:
    """One page of the list, of as many bytes as every client takes. The page token is the last job of the page before,
    with its time, so pages hold while jobs come and go."""
    time, job_id = _last_told(request.page_token)
    rest = [view for view in views if not job_id or (view.job.create_time, view.job.id) < (time, job_id)]
    page = fitting(map(job_message, rest), min(request.page_size or PAGE_SIZE, LARGEST_PAGE), _PAGE_BYTES)
    token = f"{page[-1].create_time!r}/{page[-1].id}" if len(rest) > len(page) else ""
    return pb.ListTrainingsResponse(jobs=page, next_page_token=token)


def _last_told(token: str) -> tuple[float, str]:
    time, _, job_id = token.partition("/")
    if not token:
        return 0.0, ""
    if re.fullmatch(r"\d+\.\d+", time) and is_job_id(job_id):
        return float(time), job_id
    raise Refusal(
        Reason.BAD_PAGE_TOKEN,
        "This server did not give out this page token; leave it empty for the first page.",
        field="page_token",
    )
