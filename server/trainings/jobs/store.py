"""Keeps the trainings on disk: one folder for each, which is either complete or absent."""

from __future__ import annotations

import errno
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pleinair.common.files import is_draft, write_whole
from pleinair.common.private import FOLDER_MODE
from pleinair.common.run_layout import RunLayout

from server.trainings.jobs.job import Job
from server.trainings.jobs.names import is_job_id

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_LOG_BYTES = 64 << 10

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class JobFolder:
    """The layout of one training's folder."""

    path: Path

    @property
    def job(self) -> Path:
        return self.path / "job.json"

    @property
    def log(self) -> Path:
        """The output of the training's processes."""
        return self.path / "log.txt"

    @property
    def sources(self) -> Path:
        return self.path / "pictures" / "source"

    @property
    def targets(self) -> Path:
        return self.path / "pictures" / "target"

    @property
    def run(self) -> RunLayout:
        """The folder that ``training.fit`` writes."""
        return RunLayout(self.path / "run")

    def latest_preview(self, told: str) -> Path | None:
        """Returns the preview that was last reported, ``told``, or else the newest: a run that resumes from a
        checkpoint removes later previews."""
        previews = [self.run.path / told, *reversed(self.run.previews())]
        return next((file for file in previews if file.is_file()), None)

    @property
    def has_begun(self) -> bool:
        """Whether there is a run to resume."""
        return self.run.config.is_file() or self.has_weights

    @property
    def has_weights(self) -> bool:
        return bool(self.run.checkpoints())

    def log_lines(self) -> list[str]:
        """Returns the last lines of the log, those of 64 KiB, without empty ones."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, self.log.stat().st_size - _LOG_BYTES))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return []
        # A progress bar overwrites itself: a terminal would end up showing what follows the last carriage return.
        lines = [line.rstrip("\r").rsplit("\r", 1)[-1].rstrip() for line in text.split("\n")]
        return [line for line in lines if line]


class JobStore:
    """The trainings in ``folder``, which the caller has locked for this process."""

    def __init__(self, folder: Path) -> None:
        self.path = folder

    def folder(self, job_id: str) -> JobFolder:
        return JobFolder(self.path / job_id)

    def load(self) -> tuple[list[Job], list[str]]:
        """Returns all jobs, and a sentence about each one that cannot be read and was set aside. Removes unfinished
        drafts. Raises OSError."""
        jobs: list[Job] = []
        problems: list[str] = []
        for path in sorted(self.path.iterdir()):
            if is_draft(path):
                _remove(path)
            elif path.is_dir() and is_job_id(path.name):
                for left in filter(is_draft, path.iterdir()):
                    _remove(left)
                try:
                    jobs.append(_read(JobFolder(path)))
                except (OSError, ValueError) as error:
                    problems.append(_set_aside(JobFolder(path), error))
        return jobs, problems

    @contextmanager
    def draft(self, job_id: str) -> Iterator[JobFolder]:
        """Yields a folder to fill, and removes it at the end of the block unless ``commit`` was called. Raises
        OSError."""
        folder = JobFolder(self.path / f".{job_id}.tmp")
        folder.path.mkdir(FOLDER_MODE)
        try:
            for path in (folder.sources.parent, folder.sources, folder.targets):
                path.mkdir(FOLDER_MODE)
            yield folder
        finally:
            _remove(folder.path)

    def commit(self, draft: JobFolder, job: Job) -> None:
        """Turns the draft into the job's folder. Raises OSError."""
        write_whole(draft.job, job.to_json().encode(), private=True)
        draft.path.rename(self.folder(job.id).path)

    def save(self, job: Job) -> None:
        """Saves the job. Raises OSError, and then what was saved before is intact."""
        write_whole(self.folder(job.id).job, job.to_json().encode(), private=True)

    def discard(self, job_id: str) -> Path:
        """Takes the job's folder out of the store by one rename and returns its new path, for ``remove``. Raises
        OSError, and then nothing has changed."""
        return self.folder(job_id).path.rename(self.path / f".{job_id}.tmp")

    def remove(self, discarded: Path) -> None:
        """Removes a discarded folder; what cannot be removed now is removed when the store is opened again."""
        _remove(discarded)


def _read(folder: JobFolder) -> Job:
    job = Job.from_json(folder.job.read_text("utf-8"))
    if job.id != folder.path.name:
        raise ValueError(f"is that of {job.id}")
    return job


def _set_aside(folder: JobFolder, error: OSError | ValueError) -> str:
    aside = folder.job.with_name("job.json.damaged")
    reason = f"cannot be read ({error.strerror})" if isinstance(error, OSError) else str(error)
    sentence = f"The training in {folder.path} is left out, because its job.json {reason}"
    try:
        folder.job.replace(aside)
    except OSError:
        return f"{sentence}; restore the file, or remove the folder."
    return f"{sentence}; the file is now called {aside.name}: restore it, or remove the folder."


def _remove(path: Path) -> None:
    def complain(function: object, name: str, error: object) -> None:
        _log.warning("%s cannot be removed.", name)

    if path.is_dir():
        shutil.rmtree(path, onerror=complain)
    else:
        path.unlink(missing_ok=True)
