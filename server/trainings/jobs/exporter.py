"""Makes filters from trainings, in processes of their own, and publishes them."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from weakref import WeakValueDictionary

from server.errors import Reason, Refusal
from server.trainings.jobs import names
from server.trainings.jobs.board import Board
from server.trainings.jobs.child import Child
from server.trainings.jobs.job import Job
from server.trainings.jobs.publish import FilterShelf
from server.trainings.jobs.store import NO_ROOM, JobFolder, JobStore
from server.trainings.jobs.trainer import Trainer
from server.trainings.jobs.wording import for_callers

_log = logging.getLogger(__name__)


class Exporter:
    """Makes and publishes filters, for one event loop."""

    def __init__(self, board: Board, store: JobStore, shelf: FilterShelf, trainer: Trainer) -> None:
        self._board = board
        self._store = store
        self._shelf = shelf
        self._trainer = trainer
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def is_published(self, job: Job) -> bool:
        """Returns whether the job's filter is in the filters folder and was made by this job."""
        return job.claimed and self._shelf.has(job.filter_id)

    def new_filter_id(self, title: str) -> str:
        """Returns an identifier, made from the title, that no filter and no job has."""
        return names.filter_id(title, self._shelf.taken() | {job.filter_id for job in self._board.all()})

    async def publish(self, job_id: str) -> str:
        """Puts the job's filter into the filters folder, replacing this job's earlier one: the finished run's filter,
        or else one made from the latest checkpoint. Waits until it is served and returns its SHA-256. Raises Refusal.
        """
        async with self._locks.setdefault(job_id, asyncio.Lock()):
            folder = self._store.folder(job_id)
            try:
                # A folder of its own, because a process that outlived a killed server may be exporting too.
                with TemporaryDirectory(prefix=".", suffix=".tmp", dir=folder.path) as place:
                    whole = folder.run.filter
                    made = whole if whole.is_file() else await self._export(job_id, folder, place)
                    filter_id = self._claim(job_id)
                    sha256 = await asyncio.to_thread(self._shelf.put, made, filter_id)
            except OSError as error:
                raise Refusal(
                    Reason.DISK_FULL if error.errno in NO_ROOM else Reason.INTERNAL,
                    f"The filter cannot be written ({error.strerror}); make room in the filters folder, or make it"
                    " writable, and export the training again.",
                ) from error
        await self._shelf.wait_until_served(filter_id, sha256)
        _log.info("Filter %s was made from training %s.", filter_id, job_id)
        return sha256

    def _claim(self, job_id: str) -> str:
        """Returns the job's filter_id, or a new one if another file has taken it in the meantime. Saves this claim
        before the file exists, so that the owner of the file is known after a crash."""
        job = self._board.find(job_id)
        taken = not job.claimed and job.filter_id in self._shelf.taken()
        filter_id = self.new_filter_id(job.title) if taken else job.filter_id
        return self._board.update(job_id, claimed=True, filter_id=filter_id).filter_id

    async def _export(self, job_id: str, folder: JobFolder, place: str) -> Path:
        """Makes the filter from the latest checkpoint, within ``place``. Raises Refusal."""
        made = Path(place) / "filter.onnx"
        command = self._trainer.export_command(self._board.find(job_id), folder, made)
        with folder.log.open("ab") as log:
            child = Child(command, log, behind=False)
            try:
                status = await child.wait()
            except asyncio.CancelledError:
                child.stop(0)
                await child.wait()
                raise
        if status:
            sentence = f"No filter could be made from the latest checkpoint: {_reason(folder, status)}"
            raise Refusal(Reason.INTERNAL, sentence)
        return made


def _reason(folder: JobFolder, status: int) -> str:
    said = [line.removeprefix("error: ") for line in folder.log_lines() if line.startswith("error: ")]
    return (
        for_callers(said[-1], folder)
        if said
        else f"its process ended with status {status}, and the end of the log says more."
    )
