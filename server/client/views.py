"""How trainings look in a terminal: a table, a progress bar, and previews as files."""

import sys
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from pleinair.common.files import write_whole
from pleinair.v1 import training_pb2 as pb
from tqdm import tqdm

from server.logs.escaping import printable

_STATES = {
    pb.TRAINING_STATE_QUEUED: "waiting",
    pb.TRAINING_STATE_RUNNING: "training",
    pb.TRAINING_STATE_ENDING: "ending",
    pb.TRAINING_STATE_FINISHED: "finished",
    pb.TRAINING_STATE_CANCELLED: "cancelled",
    pb.TRAINING_STATE_FAILED: "failed",
}
_HEADINGS = ("id", "title", "state", "done", "filter")


def training_table(jobs: Iterable[pb.TrainingJob]) -> str:
    """A table for a terminal with one line for each training."""
    rows = [_HEADINGS, *map(_row, jobs)]
    if len(rows) == 1:
        return "There are no trainings."
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _row(job: pb.TrainingJob) -> tuple[str, ...]:
    done = f"{100 * job.images_seen // job.images_total} %" if job.images_total else "-"
    return job.id, printable(job.title), _state(job), done, job.filter_id if job.filter_ready else "-"


def _state(job: pb.TrainingJob) -> str:
    if job.state == pb.TRAINING_STATE_QUEUED:
        return f"waiting, {job.queue_position} ahead of it" if job.queue_position else "waiting"
    return _STATES.get(job.state, "unknown")


class ProgressView:
    """Shows news of one training on standard error: a progress bar, if that is a terminal, and lines above it."""

    def __init__(self, previews: Path | None) -> None:
        """Previews are written into this folder as ID-IMAGES.png, where IMAGES is the number of images seen."""
        self._previews = previews
        self._bar = tqdm(
            unit="img", disable=None, bar_format="{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}{postfix}"
        )
        self._state = ""
        self._said: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def show(self, news: pb.WatchTrainingResponse) -> None:
        """Shows one piece of news and writes its preview, if any. Raises OSError when that cannot be written."""
        job = news.job
        if _state(job) != self._state:
            self._state = _state(job)
            self.say(f"{job.id}: {self._state}")
        for warning in job.warnings:
            if warning not in self._said:
                self._said.add(warning)
                self.say(warning)
        if news.HasField("preview") and self._previews:
            path = self._previews / f"{job.id}-{news.preview.images_seen:09}.png"
            write_whole(path, news.preview.png)
            self.say(f"preview: {path}")
        self._draw(job)

    def say(self, sentence: str) -> None:
        """Prints a line above the progress bar."""
        tqdm.write(sentence, file=sys.stderr)

    def _draw(self, job: pb.TrainingJob) -> None:
        self._bar.total = job.images_total or None
        self._bar.n = job.images_seen
        running = job.state == pb.TRAINING_STATE_RUNNING and job.device
        self._bar.set_description_str(f"{self._state} on {job.device}" if running else self._state, refresh=False)
        told = [f"{name} {value:.3g}" for name, value in sorted(job.losses.items())]
        if job.HasField("seconds_left"):
            told.insert(0, f"{clock(job.seconds_left)} left")
        self._bar.set_postfix_str(", ".join(told), refresh=False)
        self._bar.refresh()


def clock(seconds: float) -> str:
    """Formats seconds as MM:SS or HH:MM:SS, such as 00:07, 01:02:03 or, after a day, 26:00:00."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
