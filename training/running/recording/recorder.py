"""Records a run as it goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from training.running.recording.checkpoints import CheckpointWriter, ScoreWriter
from training.running.recording.due import Moment
from training.running.recording.metrics import MetricsWriter
from training.running.recording.pace import TimeLeft
from training.running.recording.previews import PreviewWriter
from training.running.reporter import Reporter
from training.running.trainer import Step, Trainer


@dataclass(frozen=True)
class Recorder:
    """Writes each part of a run's records when it is due; ``scores`` on request. Only the first process has one."""

    trainer: Trainer
    reporter: Reporter
    time_left: TimeLeft
    metrics: MetricsWriter
    previews: PreviewWriter
    checkpoints: CheckpointWriter
    scores: ScoreWriter | None = None

    @contextmanager
    def recording(self, images_seen: int) -> Iterator[None]:
        """Reports the start of training, after ``images_seen`` images, and its end; training is done in the block."""
        self.previews.write_source()
        self.reporter.started(images_seen, self.trainer.length.images, str(self.trainer.batches.device))
        try:
            yield
        finally:
            self.reporter.close()

    def record(self, step: Step, *, stopped: bool) -> None:
        """Writes what is due after a step: losses, preview, score, their row of metrics, and the checkpoint.

        The losses come first, since they tell whether training has diverged, and the checkpoint last, so that a run
        that is killed before it writes the rest again.
        """
        self.metrics.losses.add(step.losses)
        self.reporter.advanced(step.images_seen)
        self.time_left.stepped(step.images_seen)
        moment = self._moment(step, stopped)
        preview, score = self.previews.due.at(moment), self.scores is not None and self.scores.due.at(moment)
        if preview or score or moment.is_last or self.metrics.due:
            self._write_metrics(step, moment, preview=preview, score=score)
        if self.checkpoints.due.at(moment):
            with self.time_left.paused():
                self.checkpoints.write(moment)

    def _moment(self, step: Step, stopped: bool) -> Moment:
        ended = step.images_seen >= self.trainer.length.images
        return Moment(step.images_seen, self.trainer.config.batch, stopped, ended)

    def _write_metrics(self, step: Step, moment: Moment, *, preview: bool, score: bool) -> None:
        images_seen = step.images_seen
        means = self.metrics.means(images_seen)
        self.reporter.step(images_seen, means, self.time_left.seconds(images_seen))
        row = {"learning_rate": step.learning_rate, **means}
        if preview:
            with self.time_left.paused():
                row |= self.previews.write(moment)
        if score and self.scores:
            row |= self.scores.write(moment)
        self.metrics.write(images_seen, row)
