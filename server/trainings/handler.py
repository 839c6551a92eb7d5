"""Starts, watches, ends and exports trainings. Knows no transport."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from weakref import WeakValueDictionary

from pleinair.common.limits import LONGEST_TITLE
from pleinair.common.run_layout import images_seen_at

from server.errors import Reason, Refusal
from server.trainings.jobs import names
from server.trainings.jobs.board import Board
from server.trainings.jobs.desk import PictureDesk
from server.trainings.jobs.exporter import Exporter
from server.trainings.jobs.job import Ending, Job, State
from server.trainings.jobs.options import check_options, check_preset
from server.trainings.jobs.pictures import Limits, PictureHeader, Reception, Role, refused_when_full
from server.trainings.jobs.room import check_disk
from server.trainings.jobs.runner import Runner
from server.trainings.jobs.store import JobStore
from server.trainings.jobs.wording import log_for_callers
from server.trainings.places import check_places
from server.trainings.terms import JobNews, JobView, TrainingPreview, TrainingRequest

LONGEST_REQUEST_ID = 64
LOG_LINES = 50
# The frames of a call that breaks off end like those of a whole one, and it is cancelled only then. A caller that does
# not tell how many pictures it sends is waited for so long, to see whether it is still there.
CANCELLATION_SECONDS = 0.25


class TrainingHandler:
    """Answers every request about trainings, or raises Refusal. At most ``most_unfinished`` trainings wait or run at
    once, and none begins while their files take ``most_disk`` bytes."""

    def __init__(
        self,
        board: Board,
        store: JobStore,
        runner: Runner,
        exporter: Exporter,
        desk: PictureDesk,
        *,
        limits: Limits,
        most_unfinished: int,
        most_disk: int | None = None,
    ) -> None:
        self._board = board
        self._store = store
        self._runner = runner
        self._exporter = exporter
        self._desk = desk
        self._limits = limits
        self._most_unfinished = most_unfinished
        self._most_disk = most_disk
        self._requests: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def start(
        self, request: TrainingRequest, frames: AsyncIterator[PictureHeader | bytes], *, client: str = ""
    ) -> JobView:
        """Creates a job with the pictures of ``frames``, or returns the one that an earlier call with the same
        request_id created."""
        request = _checked(request)
        lock = self._requests.setdefault(request.request_id, asyncio.Lock()) if request.request_id else asyncio.Lock()
        async with lock:
            job = self._board.of_request(request.request_id) or await self._start(request, frames, client)
        self._runner.dispatch()
        return self.get(job.id)

    async def watch(self, job_id: str, *, previews: bool) -> AsyncGenerator[JobNews, None]:
        """Yields the job now, with its latest preview, and then after each change until it has ended. The original is
        sent separately, after the first preview: both together could be too large for one message."""
        self._board.find(job_id)
        told: str | None = None
        compared = False
        async for job in self._board.follow(job_id):
            preview = await asyncio.to_thread(self._preview, job) if previews and job.preview != told else None
            told = job.preview
            yield JobNews(self._view(job), preview)
            if preview and not compared:
                compared = True
                yield JobNews(self._view(job), original=await asyncio.to_thread(self._original, job))

    def get(self, job_id: str) -> JobView:
        return self._view(self._board.find(job_id))

    async def log_tail(self, job_id: str) -> list[str]:
        """The last lines of the trainer's log, at most 50, as callers may read them."""
        folder = self._store.folder(self._board.find(job_id).id)
        return log_for_callers(await asyncio.to_thread(folder.log_lines), folder)[-LOG_LINES:]

    def all(self) -> list[JobView]:
        """All trainings, the newest first."""
        return [self._view(job) for job in self._board.all()]

    def cancel(self, job_id: str, *, keep_filter: bool) -> JobView:
        return self._view(self._runner.end(job_id, Ending.KEEP if keep_filter else Ending.CANCEL))

    async def export(self, job_id: str) -> tuple[JobView, str]:
        """Makes the filter from the present weights. Returns the job and the filter's SHA-256."""
        self._board.find(job_id)
        if not self._store.folder(job_id).has_weights:
            raise Refusal(
                Reason.NO_WEIGHTS_YET,
                "The training has no checkpoint yet to make a filter from; wait for its first one.",
                field="id",
            )
        sha256 = await self._exporter.publish(job_id)
        return self.get(job_id), sha256

    def resume(self, job_id: str, *, client: str = "") -> JobView:
        job = self._board.find(job_id)
        if job.state not in (State.CANCELLED, State.FAILED):
            raise _wrong_state(job, "only a training that was cancelled or has failed can be resumed")
        self._check_places(client)
        self._board.update(
            job_id,
            state=State.QUEUED,
            turn=self._board.next_turn(),
            client=client,
            restarts=job.restarts + 1,
            end_time=None,
            problem="",
        )
        self._runner.dispatch()
        return self.get(job_id)

    async def delete(self, job_id: str) -> None:
        job = self._board.find(job_id)
        if not job.state.has_ended:
            raise _wrong_state(job, "only a training that has ended can be deleted; cancel it first")
        try:
            discarded = self._store.discard(job_id)
        except OSError as error:
            raise Refusal(
                Reason.INTERNAL,
                f"The training's files cannot be removed ({error.strerror}); try again when nothing is using them.",
            ) from error
        self._board.remove(job_id)
        await asyncio.to_thread(self._store.remove, discarded)

    async def _start(self, request: TrainingRequest, frames: AsyncIterator[PictureHeader | bytes], client: str) -> Job:
        self._check_places(client)
        await asyncio.to_thread(check_disk, self._store.path, self._most_disk)
        job_id = names.job_id(request.title, self._board)
        with refused_when_full(), self._store.draft(job_id) as folder:
            reception = Reception(folder, self._limits, self._desk, client)
            received = await _receive(frames, reception, request.picture_count)
            self._check_places(client)
            job = Job(
                id=job_id,
                title=request.title,
                preset=request.preset,
                options=request.options,
                request_id=request.request_id,
                filter_id=self._exporter.new_filter_id(request.title),
                create_time=time.time(),
                turn=self._board.next_turn(),
                client=client,
                source_names=tuple(received[Role.SOURCE]),
                target_names=tuple(received[Role.TARGET]),
            )
            self._store.commit(folder, job)
        self._board.add(job)
        return job

    def _check_places(self, client: str) -> None:
        check_places(self._board.all(), self._most_unfinished, client)

    def _view(self, job: Job) -> JobView:
        position = self._board.position(job) if job.state is State.QUEUED else 0
        return JobView(job, position, self._exporter.is_published(job))

    def _preview(self, job: Job) -> TrainingPreview | None:
        file = self._store.folder(job.id).latest_preview(job.preview)
        return _picture(file, images_seen_at(file)) if file else None

    def _original(self, job: Job) -> TrainingPreview | None:
        return _picture(self._store.folder(job.id).run.original, 0)


def _checked(request: TrainingRequest) -> TrainingRequest:
    """The request with its title stripped and its options checked. Raises Refusal."""
    title = request.title.strip()
    if not title or len(title) > LONGEST_TITLE or not title.isprintable():
        raise Refusal(
            Reason.BAD_HEADER,
            f"The title is {title[:40]!r}; expected one line of 1 to {LONGEST_TITLE} characters.",
            field="header.title",
        )
    if len(request.request_id) > LONGEST_REQUEST_ID:
        raise Refusal(
            Reason.BAD_HEADER,
            f"The request_id has {len(request.request_id)} characters; at most {LONGEST_REQUEST_ID} are allowed.",
            field="header.request_id",
        )
    return replace(request, title=title, preset=check_preset(request.preset), options=check_options(request.options))


async def _receive(
    frames: AsyncIterator[PictureHeader | bytes], reception: Reception, count: int | None
) -> Mapping[Role, list[str]]:
    """Receives pictures and returns their names, at least one for each role, and ``count`` in all if that is told.
    Raises Refusal."""
    async for frame in frames:
        if isinstance(frame, PictureHeader):
            await reception.begin(frame)
        else:
            await reception.add(frame)
    await reception.end()
    if count is None:
        await asyncio.sleep(CANCELLATION_SECONDS)
    _check_names(reception.names, count)
    return reception.names


def _check_names(names: Mapping[Role, list[str]], count: int | None) -> None:
    came = sum(map(len, names.values()))
    if count is not None and came != count:
        raise Refusal(
            Reason.BAD_HEADER,
            f"The header says that {count} pictures follow, and {came} came; send as many as it says.",
            field="header.picture_count",
        )
    for role, given in names.items():
        if not given:
            raise Refusal(
                Reason.BAD_HEADER,
                f"There is no {role.value} picture; send at least one source and one target picture.",
                field="picture",
            )


def _picture(file: Path, images_seen: int) -> TrainingPreview | None:
    try:
        return TrainingPreview(images_seen, file.read_bytes())
    except OSError:  # an earlier run's, which is gone
        return None


def _wrong_state(job: Job, expected: str) -> Refusal:
    return Refusal(Reason.WRONG_STATE, f"The training {job.id} is {job.state.value}; {expected}.", field="id")
