"""What an editor knows of one training."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from ..client import figures
from ..client.messages import TrainingJob, TrainingPreview, TrainingState, WatchTrainingResponse


@dataclass(frozen=True)
class MadeFrom:
    """What a filter was made from: where the editor finds the source layer again (empty when the training was started
    elsewhere), and the names of the source pictures that were sent."""

    place: str
    names: Sequence[str]


class SeenTraining:
    """One training as last reported: its ``job``, the latest ``preview`` and the ``original`` to compare it with (PNG
    files), and the end of its ``log`` once it has ended. All are empty at first."""

    def __init__(self) -> None:
        self.job: TrainingJob | None = None
        self.preview: TrainingPreview | None = None
        self.original: TrainingPreview | None = None
        self.log: tuple[str, ...] = ()
        self._told_at = time.monotonic()

    def show(self, job: TrainingJob) -> None:
        self.job, self._told_at = job, time.monotonic()

    def take(self, news: WatchTrainingResponse) -> None:
        if news.job is not None:
            self.show(news.job)
        self.preview = news.preview or self.preview
        self.original = news.original or self.original

    def is_in(self, *states: int) -> bool:
        return self.job is not None and self.job.state in states

    @property
    def elapsed(self) -> float:
        """Seconds that the training took so far, counting on between reports while it runs."""
        known = figures.seconds(self.job.elapsed_seconds) if self.job is not None else None
        return (known or 0.0) + self._since()

    @property
    def seconds_left(self) -> float | None:
        known = figures.seconds(self.job.seconds_left) if self.job is not None else None
        return None if known is None else max(known - self._since(), 0.0)

    def _since(self) -> float:
        return time.monotonic() - self._told_at if self.is_in(TrainingState.RUNNING) else 0.0
