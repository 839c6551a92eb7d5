"""Holds all trainings in their current state, saves them to disk and reports their changes to watchers."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from typing import Any

from server.errors import Reason, Refusal
from server.trainings.jobs.job import Job, State
from server.trainings.jobs.store import JobStore

MOST_NAMED = 10
SAVE_SECONDS = 10.0  # between saves when only progress has changed
TELL_SECONDS = 1.0  # between reports to watchers when only progress has changed

_KEPT = frozenset({"state", "ending", "can_export", "claimed", "filter_id", "problem", "warnings", "restarts", "turn"})

_log = logging.getLogger(__name__)


class Board:
    """Holds the jobs, for one event loop."""

    def __init__(self, store: JobStore, jobs: Iterable[Job]) -> None:
        self._store = store
        self._jobs = {job.id: job for job in jobs}
        self._changed: dict[str, asyncio.Event] = {}
        self._saved: dict[str, float] = {}
        self._told: dict[str, float] = {}
        self._shown: dict[str, float] = {}
        self._unsaved: set[str] = set()

    def __contains__(self, job_id: object) -> bool:
        return job_id in self._jobs

    def all(self) -> list[Job]:
        """Returns all jobs, the newest first."""
        return sorted(self._jobs.values(), key=lambda job: (job.create_time, job.id), reverse=True)

    def find(self, job_id: str) -> Job:
        """Returns the job. Raises a Refusal that names the latest trainings."""
        if job_id in self._jobs:
            return self._jobs[job_id]
        latest = ", ".join(job.id for job in self.all()[:MOST_NAMED])
        existing = f"the latest are {latest}" if latest else "there are none yet"
        raise Refusal(Reason.TRAINING_NOT_FOUND, f"There is no training {job_id[:64]!r}; {existing}.", field="id")

    def of_request(self, request_id: str) -> Job | None:
        return next((job for job in self._jobs.values() if request_id and job.request_id == request_id), None)

    def queue(self) -> list[Job]:
        """Returns the waiting jobs, in the order in which they will run."""
        return sorted((job for job in self._jobs.values() if job.state is State.QUEUED), key=lambda job: job.turn)

    def position(self, job: Job) -> int:
        """Returns how many waiting jobs are ahead of this one."""
        return sum(other.turn < job.turn for other in self.queue())

    def next_turn(self) -> int:
        return 1 + max((job.turn for job in self._jobs.values()), default=0)

    def add(self, job: Job) -> None:
        """Adds a job that the store already has."""
        self._jobs[job.id] = job

    def update(self, job_id: str, **changes: Any) -> Job:
        """Changes and returns a job. Mere progress is saved and told to watchers when it is due, all else at once.
        A full disk does not stop a training."""
        before = self._jobs[job_id]
        job = self._jobs[job_id] = replace(before, **changes)
        if job == before:
            return job
        if job.state is not before.state:
            _log.info("Training %s is %s.", job_id, job.state.value)
        weighty = any(getattr(job, name) != getattr(before, name) for name in _KEPT)
        if weighty or self._is_due(self._saved, job_id, SAVE_SECONDS):
            self._unsaved.add(job_id)
            self.save_rest()
        # A preview is reported without waiting for the next step, which may take seconds.
        shows = job.preview != before.preview and self._is_due(self._shown, job_id, TELL_SECONDS)
        if shows:
            self._shown[job_id] = time.monotonic()
        if weighty or shows or self._is_due(self._told, job_id, TELL_SECONDS):
            self._tell(job_id)
        if State.QUEUED in (before.state, job.state) and before.state is not job.state:
            for other in self.queue():
                self._tell(other.id)
        return job

    def remove(self, job_id: str) -> None:
        """Forgets a job that the store no longer has."""
        del self._jobs[job_id]
        self._tell(job_id)
        self._unsaved.discard(job_id)
        for times in (self._saved, self._told, self._shown):
            times.pop(job_id, None)

    async def follow(self, job_id: str) -> AsyncIterator[Job]:
        """Yields the job now and after each change, until it has ended or is gone. A slow reader misses states in
        between, but never the last one."""
        while job_id in self._jobs:
            changed = self._changed.setdefault(job_id, asyncio.Event())
            job = self._jobs[job_id]
            yield job
            if job.state.has_ended:
                return
            await changed.wait()

    def _tell(self, job_id: str) -> None:
        self._told[job_id] = time.monotonic()
        if event := self._changed.pop(job_id, None):
            event.set()

    def save_rest(self) -> None:
        """Saves the jobs that could not be saved when they changed: otherwise one that has ended would continue after
        a restart."""
        for job_id in tuple(self._unsaved):
            self._save(self._jobs[job_id])

    def _save(self, job: Job) -> None:
        self._saved[job.id] = time.monotonic()
        self._unsaved.discard(job.id)
        try:
            self._store.save(job)
        except OSError as error:
            self._unsaved.add(job.id)
            _log.warning("Training %s cannot be saved (%s); make room on the disk.", job.id, error.strerror)

    def _is_due(self, times: dict[str, float], job_id: str, seconds: float) -> bool:
        return time.monotonic() - times.get(job_id, float("-inf")) >= seconds
