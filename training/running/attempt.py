"""One attempt to train: its parts put together, where it begins, and how it goes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import cast

import torch
from torch import Tensor

from training.computing.world import World
from training.config import FitConfig
from training.data.batches import UnpairedBatches, examples
from training.data.folders import fingerprint
from training.data.prefetch import PrefetchedBatches
from training.errors import InputError
from training.methods import METHODS, Method
from training.networks.generator import Generator
from training.running.checkpoint import Checkpoint
from training.running.ema import GeneratorAverage
from training.running.environment import Environment
from training.running.guard import Diverged, Guard
from training.running.loop import train
from training.running.progress import Progress
from training.running.recording.checkpoints import CheckpointWriter, ScoreWriter
from training.running.recording.due import Due
from training.running.recording.metrics import MetricsWriter
from training.running.recording.pace import Pace, TimeLeft
from training.running.recording.previews import PreviewWriter
from training.running.recording.recorder import Recorder
from training.running.recording.tensorboard import TensorBoard
from training.running.resume import Start
from training.running.run import RunFolder
from training.running.schedule import Length
from training.running.score import PICTURES, Evaluate, translation_score
from training.running.trainer import Trainer
from training.running.whole import Whole, whole_picture

SAMPLE_PIXELS = 512 * 512


def attempt(
    run: RunFolder,
    start: Start,
    batches: UnpairedBatches,
    environment: Environment,
    should_stop: Callable[[], bool],
) -> int:
    """Trains from the start to the end, or until asked to stop. Returns the images seen."""
    config, world, progress = start.config, environment.world, environment.progress
    trainer = _trainer(config, batches.with_batch(config.batch), environment)
    images_seen = _restore(trainer, start.checkpoint, progress) if start.checkpoint else 0
    with ExitStack() as until_the_end:
        recorder = None
        if world.is_first:
            run.save_config(config)
            run.forget_after(images_seen)
            tensorboard = TensorBoard(run.tensorboard, images_seen) if config.tensorboard else None
            if tensorboard:
                until_the_end.callback(tensorboard.close)
            recorder = _recorder(trainer, run, progress, tensorboard, images_seen)
        going_on = f", going on after {images_seen}" if images_seen else ""
        told = f"Training {config.method} on {environment.device} for {trainer.length.images} images"
        progress.note(f"{told} into {run.path}{going_on}")
        try:
            return train(trainer, recorder, images_seen, should_stop)
        except Diverged as error:
            raise Diverged(f"{error}; {_advice(run, config)}") from None


def build_method(config: FitConfig, device: torch.device, world: World) -> Method:
    """Newly initialised, as the seed says. Raises InputError."""
    torch.manual_seed(config.seed)
    return METHODS[config.method](config, device, world=world)


def _advice(run: RunFolder, config: FitConfig) -> str:
    """What a person whose run diverged can do: the same run from the same checkpoint would diverge again."""
    kept = [path.name for path in run.checkpoints()]
    intact = f"{kept[-1]} is from before" if kept else "no checkpoint is from before"
    return f"{intact}: begin a new run with a lower learning rate than {config.learning_rate:g}, or lower loss weights."


def _trainer(config: FitConfig, batches: UnpairedBatches, environment: Environment) -> Trainer:
    method = build_method(config, environment.device, environment.world)
    return Trainer(
        method=method,
        config=config,
        batches=PrefetchedBatches(batches, environment.device, stride=config.batch),
        length=length_of(config, batches),
        world=environment.world,
        average=GeneratorAverage(method.networks["generator"], config.ema) if config.ema else None,
    )


def _recorder(
    trainer: Trainer, run: RunFolder, progress: Progress, tensorboard: TensorBoard | None, images_seen: int
) -> Recorder:
    """What writes the run down after ``images_seen`` images."""
    config, batches = trainer.config, trainer.batches.batches
    guard = Guard(config.gan_weight, config.nce_weight, config.adversarial)
    by_time = Pace(config.preview_seconds, thinning=True)
    previews = Due(config.preview_every, by_time, when_stopped=not config.preview_seconds)
    every = Due(config.checkpoint_every, Pace(config.checkpoint_seconds), when_stopped=True)
    checkpoints = CheckpointWriter(trainer, run, progress, every, _sample(batches), _fingerprint(batches))
    evaluate = _evaluation(config, batches)
    return Recorder(
        trainer=trainer,
        progress=progress,
        time_left=TimeLeft(images_seen, trainer.length.images),
        metrics=MetricsWriter(run, guard, tensorboard),
        previews=PreviewWriter(trainer, run, progress, guard, previews, _whole(trainer, batches), tensorboard),
        checkpoints=checkpoints,
        scores=ScoreWriter(checkpoints, evaluate, Due(config.evaluate_every), run.best_score()) if evaluate else None,
    )


def _fingerprint(batches: UnpairedBatches) -> str:
    return fingerprint(batches.source, batches.target)


def length_of(config: FitConfig, batches: UnpairedBatches) -> Length:
    return Length.of(
        epochs=config.epochs,
        images=config.images,
        epoch_images=batches.epoch_images,
        decay_share=config.decay_share,
    )


def _whole(trainer: Trainer, batches: UnpairedBatches) -> Whole | None:
    """What previews show, where crops are mere patches."""
    if not batches.zoom:
        return None
    return Whole(
        whole_picture(batches.source.pictures[0]), cast(Generator, trainer.method.networks["generator"]).multiple
    )


def _sample(batches: UnpairedBatches) -> Tensor:
    """The picture for the filter's thumbnail: what a crop shows, but whole where crops are mere patches."""
    if batches.zoom:
        return whole_picture(batches.source.pictures[0], SAMPLE_PIXELS)
    return examples(batches.source, batches.example_size, 1)


def _evaluation(config: FitConfig, batches: UnpairedBatches) -> Evaluate | None:
    """What scores the translations of a few pictures, the same all along the run, on request."""
    if not config.evaluate_every:
        return None
    size = batches.example_size
    return translation_score(*(examples(folder, size, PICTURES) for folder in (batches.source, batches.target)))


def _restore(trainer: Trainer, checkpoint: Checkpoint, progress: Progress) -> int:
    """Returns the images seen. Raises InputError when the checkpoint does not fit."""
    if checkpoint.data_fingerprint != _fingerprint(trainer.batches.batches):
        _check_pictures(trainer.config, checkpoint.config, progress)
    checkpoint.restore(trainer.method, trainer.average)
    return checkpoint.images_seen


def _check_pictures(config: FitConfig, began_with: FitConfig, progress: Progress) -> None:
    """Pictures may be added on purpose, and then a warning is enough; a folder named anew must hold the same."""
    for name in ("source", "target"):
        if getattr(config, name) != getattr(began_with, name):
            raise InputError(
                f"--{name} is {getattr(config, name)!r}, but the pictures there are not those of the run's "
                f"{getattr(began_with, name)!r}; leave it out or start a new run."
            )
    progress.warning("the pictures are not those that the run began with")
