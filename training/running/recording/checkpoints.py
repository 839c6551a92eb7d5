"""Saves checkpoints, and the one with the best score beside them."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from training.running.checkpoint import Checkpoint
from training.running.guard import check_weights
from training.running.recording.due import Due, Moment
from training.running.reporter import Reporter
from training.running.run import RunFolder
from training.running.score import Scorer
from training.running.trainer import Trainer


@dataclass(frozen=True)
class CheckpointWriter:
    """Saves checkpoints. ``sample`` (1, c, h, w) in [-1, 1] is for the filter's thumbnail, ``data_fingerprint`` that of
    the pictures."""

    trainer: Trainer
    run: RunFolder
    reporter: Reporter
    due: Due
    sample: Tensor
    data_fingerprint: str

    def write(self, moment: Moment) -> None:
        """Saves a checkpoint. Raises InputError when it cannot be written, and Diverged."""
        with self.due.pace.measured():
            self.run.save(self.checkpoint(moment.images_seen))
        self.reporter.checkpoint(moment.images_seen)

    def checkpoint(self, images_seen: int, score: float | None = None) -> Checkpoint:
        """Returns the current state. Raises Diverged when weights are not finite."""
        checkpoint = Checkpoint.of(
            self.trainer.method,
            self.trainer.config,
            images_seen=images_seen,
            sample=self.sample,
            data_fingerprint=self.data_fingerprint,
            average=self.trainer.average,
            score=score,
        )
        check_weights(checkpoint.networks, images_seen)
        return checkpoint


@dataclass
class ScoreWriter:
    """Scores translations and keeps the checkpoint with the lowest score; ``best`` is the lowest so far."""

    checkpoints: CheckpointWriter
    scorer: Scorer
    due: Due
    best: float

    def write(self, moment: Moment) -> dict[str, float]:
        """Returns the score by its name among the metrics; keeps a checkpoint if it is lower than all before."""
        score = self.scorer(self.checkpoints.trainer.translate)
        if score < self.best:
            self.checkpoints.run.save_best(self.checkpoints.checkpoint(moment.images_seen, score))
            self.best = score
        return {"swd": score}
