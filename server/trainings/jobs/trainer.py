"""The trainer's programs: their command lines, and what their events and exit statuses mean for a job."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pleinair.common.events import EventKind, ExitStatus

from server.trainings.jobs.child import Event
from server.trainings.jobs.job import Job
from server.trainings.jobs.options import arguments
from server.trainings.jobs.store import JobFolder
from server.trainings.jobs.wording import for_callers

PREVIEW_SECONDS = 5
CHECKPOINT_SECONDS = 30
_PYTHON = (sys.executable, "-X", "utf8", "-m")


@dataclass(frozen=True)
class Trainer:
    """The command lines of the trainer's programs, without arguments."""

    fit: tuple[str, ...] = (*_PYTHON, "training.fit")
    export: tuple[str, ...] = (*_PYTHON, "training.export")

    def fit_command(self, job: Job, folder: JobFolder, device: str) -> list[str]:
        """Returns the command that begins or resumes the job's run."""
        run = ["--resume", str(folder.run.path)] if folder.has_begun else list(_beginning(job, folder))
        return [*self.fit, *run, "--device", device, "--progress", "json", "--stop-at-eof"]

    def export_command(self, job: Job, folder: JobFolder, output: Path) -> list[str]:
        return [*self.export, str(folder.run.path), "--output", str(output), "--identifier", job.filter_id]


def _beginning(job: Job, folder: JobFolder) -> Iterator[str]:
    yield from ("--preset", job.preset, "--output", str(folder.run.path))
    yield from ("--source", str(folder.sources), "--target", str(folder.targets))
    yield from (f"--title={job.title}", f"--identifier={job.filter_id}")
    defaults = {
        "source-domain": _domain(job.source_names),
        "target-domain": _domain(job.target_names),
        "preview-seconds": str(PREVIEW_SECONDS),
        "checkpoint-seconds": str(CHECKPOINT_SECONDS),
    }
    yield from arguments({**defaults, **job.options})


def _domain(names: tuple[str, ...]) -> str:
    """Returns the name of a domain in the filter: that of its first picture, without the suffix."""
    return Path(names[0]).stem if names else ""


def changes_of(event: Event, job: Job, folder: JobFolder) -> dict[str, Any]:
    """Returns what an event of training.fit changes in its job: nothing, if a later version sent it."""
    match event:
        case {"event": EventKind.STARTED, "images": int(images), "total": int(total), "device": str(device)}:
            return {"images_seen": images, "images_total": total, "device": device}
        case {"event": EventKind.STEP, "images": int(images), "losses": dict(losses), **rest}:
            seconds = rest.get("seconds_left")
            return {"images_seen": images, "losses": _numbers(losses), "seconds_left": seconds}
        case {"event": EventKind.PREVIEW, "file": str(file)}:
            return {"preview": file}
        case {"event": EventKind.CHECKPOINT, "images": int(images)}:
            return {"can_export": True, "images_seen": max(images, job.images_seen)}
        case {"event": EventKind.STOPPED, "images": int(images)}:
            return {"images_seen": images, "seconds_left": None}
        case {"event": EventKind.FINISHED, "images": int(images)}:
            return {"images_seen": images, "images_total": images, "seconds_left": None, "can_export": True}
        case {"event": EventKind.WARNING, "sentence": str(sentence)}:
            return {"warnings": job.warned(for_callers(sentence, folder))}
        case _:
            return {}


def sentence_of_end(status: int, last: Event, folder: JobFolder) -> str:
    """Returns why a process of training.fit ended early, judged by its exit status and its last event."""
    match last:
        case {"event": EventKind.FAILED, "sentence": str(sentence)}:
            return for_callers(sentence, folder)
        case {"event": EventKind.STOPPED}:
            return "Training was stopped from outside, with a checkpoint; resume it to continue."
    if status == -9:
        return (
            "Training ended unexpectedly: its process was killed (signal 9), usually because memory ran"
            " out; resume it, or start one with smaller pictures or a smaller batch."
        )
    if status == ExitStatus.BAD_INPUT:
        return (
            "The trainer does not accept these options; the end of its log says which, so start another training"
            " without them."
        )
    how = f"by signal {-status} ({_signal_name(-status)})" if status < 0 else f"with exit status {status}"
    return f"Training ended unexpectedly {how}; the end of its log says more. Resume it to continue."


def _numbers(losses: Mapping[Any, Any]) -> dict[str, float]:
    return {str(name): float(value) for name, value in losses.items() if isinstance(value, int | float)}


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"
