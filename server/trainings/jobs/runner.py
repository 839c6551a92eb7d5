"""Decides when and on which device each training runs, and how it ends."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Sequence
from typing import IO, Any

from server.errors import Reason, Refusal
from server.trainings.jobs.board import Board
from server.trainings.jobs.child import Child, Event
from server.trainings.jobs.exporter import Exporter
from server.trainings.jobs.job import Ending, Job, State
from server.trainings.jobs.locks import Held, hold
from server.trainings.jobs.store import JobFolder, JobStore
from server.trainings.jobs.trainer import Trainer, changes_of, sentence_of_end

STOP_SECONDS = 120.0  # for a last step and a checkpoint of a large network on a slow processor
CLOSING_SECONDS = 0.5  # for processes that were killed
_LOOK_SECONDS = 0.25  # between checks whether an earlier process has ended
_LONG_SECONDS = 30.0

_log = logging.getLogger(__name__)


class Runner:
    """Runs one training at a time on each of ``devices``, for one event loop."""

    def __init__(
        self, board: Board, store: JobStore, exporter: Exporter, trainer: Trainer, devices: Sequence[str]
    ) -> None:
        self._board = board
        self._store = store
        self._exporter = exporter
        self._trainer = trainer
        self._free = list(devices)
        self._children: dict[str, Child] = {}
        self._lives: set[asyncio.Task[None]] = set()
        self._closing = False

    def recover(self) -> None:
        """Resumes what was under way when the server ended: trainings that ran come before those that waited."""
        for job in self._board.all():
            if job.state is State.RUNNING:
                weights = self._store.folder(job.id).has_weights  # the event of its first checkpoint may be lost
                self._board.update(
                    job.id, state=State.QUEUED, seconds_left=None, restarts=job.restarts + 1, can_export=weights
                )
            elif job.state is State.ENDING:
                self._live(job.id, self._conclude_alone(job.id))
        self.dispatch()

    def dispatch(self) -> None:
        """Starts as many waiting trainings as there are free devices."""
        while self._free and not self._closing and (queue := self._board.queue()):
            job = self._board.update(queue[0].id, state=State.RUNNING)
            self._live(job.id, self._train(job.id, self._free.pop(0)))

    def end(self, job_id: str, ending: Ending) -> Job:
        """Ends a training, at once or as soon as its process has saved a checkpoint. Raises Refusal."""
        job = self._board.find(job_id)
        if job.state.has_ended or (job.state is State.ENDING and job_id not in self._children):
            return job
        if ending is Ending.KEEP and not (job.can_export or job.images_seen):
            raise Refusal(
                Reason.NO_WEIGHTS_YET,
                "The training has learned nothing yet that could be kept; wait for its first preview, or cancel it.",
                field="keep_filter",
            )
        if job.state is State.QUEUED and ending is Ending.CANCEL:
            return self._ended(job_id, State.CANCELLED)
        self._board.update(job_id, state=State.ENDING, ending=ending)
        if job_id in self._children:
            self._children[job_id].stop(STOP_SECONDS)
        elif job.state is State.QUEUED:
            self._live(job_id, self._conclude_alone(job_id))
        return self._board.find(job_id)

    async def close(self, seconds: float) -> None:
        """Asks all processes to stop with a checkpoint and kills them after ``seconds``. Their jobs keep their state,
        so they continue when the server starts again."""
        self._closing = True
        for child in self._children.values():
            child.stop(seconds)
        if self._lives:
            _, late = await asyncio.wait(self._lives, timeout=seconds + CLOSING_SECONDS)
            for life in late:
                life.cancel()
        self._board.save_rest()

    def _live(self, job_id: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._survive(job_id, work))
        self._lives.add(task)
        task.add_done_callback(self._lives.discard)

    async def _survive(self, job_id: str, work: Coroutine[Any, Any, None]) -> None:
        """Runs ``work`` and records any failure in the job."""
        try:
            await work
        except Refusal as error:
            self._ended(job_id, State.FAILED, error.sentence)
        except OSError as error:
            sentence = f"The server cannot use the training's folder ({error.strerror}); fix that, then resume it."
            self._ended(job_id, State.FAILED, sentence)
        except Exception:
            _log.exception("Training %s failed.", job_id)
            sentence = "Something went wrong on the server that was not foreseen; please report it to whoever runs it."
            self._ended(job_id, State.FAILED, sentence)

    async def _train(self, job_id: str, device: str) -> None:
        folder, status, last = self._store.folder(job_id), 0, Event()
        try:
            with await self._own_log(job_id, folder) as log:
                if not (self._closing or self._board.find(job_id).ending):
                    status, last = await self._listen(job_id, folder, device, log)
        finally:  # the device becomes free, whatever happens to the job
            self._free.append(device)
            self.dispatch()
        if not self._closing:
            await self._conclude(job_id, status, last)

    async def _conclude_alone(self, job_id: str) -> None:
        """Concludes a job whose process was started by an earlier server, or that never had one."""
        with await self._own_log(job_id, self._store.folder(job_id)):
            pass
        if not self._closing:
            await self._conclude(job_id, 0, Event())

    async def _own_log(self, job_id: str, folder: JobFolder) -> IO[bytes]:
        """Returns the job's log as soon as no process of an earlier server holds it: two would spoil each other's
        run."""
        started = time.monotonic()
        while True:
            try:
                return hold(folder.log)
            except Held:
                await asyncio.sleep(_LOOK_SECONDS)
            if time.monotonic() - started > _LONG_SECONDS:
                job = self._board.find(job_id)
                self._board.update(job_id, warnings=job.warned("It is waiting for its earlier process to end."))

    async def _listen(self, job_id: str, folder: JobFolder, device: str, log: IO[bytes]) -> tuple[int, Event]:
        """Runs the trainer to its end. Returns its exit status and the last event about the state of the whole run."""
        before, started = self._board.find(job_id).elapsed_seconds, time.monotonic()
        command = self._trainer.fit_command(self._board.find(job_id), folder, device)
        child = self._children[job_id] = Child(command, log, behind=True)
        last = Event()
        try:
            async for event in child.events():
                changes = changes_of(event, self._board.find(job_id), folder)
                elapsed = before + time.monotonic() - started
                self._board.update(job_id, **changes, elapsed_seconds=elapsed)
                last = event if event["event"] in ("started", "stopped", "finished", "failed") else last
            return await child.wait(), last
        finally:
            child.stop(0)
            del self._children[job_id]

    async def _conclude(self, job_id: str, status: int, last: Event) -> None:
        job = self._board.find(job_id)
        finished = status == 0 and last.get("event") == "finished"
        if job.ending is Ending.CANCEL:
            self._ended(job_id, State.CANCELLED)
        elif job.ending is Ending.KEEP or finished:
            await self._keep(job_id)
        else:
            self._ended(job_id, State.FAILED, sentence_of_end(status, last, self._store.folder(job_id)))

    async def _keep(self, job_id: str) -> None:
        """Publishes a filter of what the training has learned; cancels the job when there is no checkpoint yet."""
        folder = self._store.folder(job_id)
        if not folder.has_weights:
            job = self._board.find(job_id)
            sentence = "It was stopped before its first checkpoint, so there is no filter."
            self._ended(job_id, State.CANCELLED, warnings=job.warned(sentence))
            return
        self._board.update(job_id, state=State.ENDING, ending=Ending.KEEP, can_export=True)
        await self._exporter.publish(job_id)
        for old in folder.run.checkpoints()[:-1]:
            old.unlink(missing_ok=True)
        self._ended(job_id, State.FINISHED)

    def _ended(self, job_id: str, state: State, problem: str = "", **changes: Any) -> Job:
        weights = self._store.folder(job_id).has_weights
        return self._board.update(
            job_id,
            state=state,
            ending=None,
            problem=problem,
            end_time=time.time(),
            seconds_left=None,
            can_export=weights,
            **changes,
        )
