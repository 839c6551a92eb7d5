"""Builds the recorder of a run from its options."""

from __future__ import annotations

from torch import Tensor

from training.config import FitConfig
from training.data.batches import UnpairedBatches, examples
from training.data.folders import fingerprint
from training.methods.registry import spec_of
from training.running.guard import Guard
from training.running.recording.checkpoints import CheckpointWriter, ScoreWriter
from training.running.recording.due import Due
from training.running.recording.metrics import MetricsWriter
from training.running.recording.pace import Pace, TimeLeft
from training.running.recording.previews import PreviewWriter
from training.running.recording.recorder import Recorder
from training.running.recording.tensorboard import TensorBoard
from training.running.reporter import Reporter
from training.running.run import RunFolder
from training.running.score import PICTURES, Scorer, translation_score
from training.running.trainer import Trainer
from training.running.whole import Whole, whole_picture

SAMPLE_PIXELS = 512 * 512


def build_recorder(
    trainer: Trainer, run: RunFolder, reporter: Reporter, tensorboard: TensorBoard | None, images_seen: int
) -> Recorder:
    """Returns the recorder of a run that continues after ``images_seen`` images; its clocks start now."""
    config = trainer.config
    guard = Guard(spec_of(config.method).watch(config))
    checkpoints = _checkpoints(trainer, run, reporter)
    return Recorder(
        trainer=trainer,
        reporter=reporter,
        time_left=TimeLeft(images_seen, trainer.length.images),
        metrics=MetricsWriter(run, guard, tensorboard),
        previews=_previews(trainer, run, reporter, guard, tensorboard),
        checkpoints=checkpoints,
        scores=_scores(checkpoints, choose_scorer(config, trainer.batches.batches)),
    )


def _previews(
    trainer: Trainer, run: RunFolder, reporter: Reporter, guard: Guard, tensorboard: TensorBoard | None
) -> PreviewWriter:
    config = trainer.config
    pace = Pace(config.preview_seconds, thinning=True)
    # With preview_seconds a preview may take long, and nobody who stops a run should wait for another one.
    due = Due(config.preview_every, pace, when_stopped=not config.preview_seconds)
    return PreviewWriter(trainer, run, reporter, guard, due, _whole(trainer), tensorboard)


def _checkpoints(trainer: Trainer, run: RunFolder, reporter: Reporter) -> CheckpointWriter:
    config, batches = trainer.config, trainer.batches.batches
    due = Due(config.checkpoint_every, Pace(config.checkpoint_seconds), when_stopped=True)
    data_fingerprint = fingerprint(batches.source, batches.target)
    return CheckpointWriter(trainer, run, reporter, due, _sample(batches), data_fingerprint)


def _scores(checkpoints: CheckpointWriter, scorer: Scorer | None) -> ScoreWriter | None:
    if scorer is None:
        return None
    due = Due(checkpoints.trainer.config.evaluate_every)
    return ScoreWriter(checkpoints, scorer, due, checkpoints.run.best_score())


def choose_scorer(config: FitConfig, batches: UnpairedBatches) -> Scorer | None:
    """Returns what scores the translations of a few pictures, the same throughout the run; None unless asked for."""
    if not config.evaluate_every:
        return None
    size = batches.example_size
    return translation_score(*(examples(folder, size, PICTURES) for folder in (batches.source, batches.target)))


def _whole(trainer: Trainer) -> Whole | None:
    """Returns the whole picture that previews show when crops are mere patches, otherwise None."""
    batches = trainer.batches.batches
    if not batches.zoom:
        return None
    primary = trainer.method.generators[spec_of(trainer.config.method).primary]
    return Whole(whole_picture(batches.source.pictures[0]), primary.multiple)


def _sample(batches: UnpairedBatches) -> Tensor:
    """Returns the picture for the filter's thumbnail: a middle crop, or the whole when crops are mere patches."""
    if batches.zoom:
        return whole_picture(batches.source.pictures[0], SAMPLE_PIXELS)
    return examples(batches.source, batches.example_size, 1)
