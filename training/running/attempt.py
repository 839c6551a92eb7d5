"""One attempt to train: puts its parts together, restores what it continues from, and runs it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import torch

from training.computing.precision import Precision, use_cudnn
from training.computing.world import World
from training.config import FitConfig
from training.data.batches import UnpairedBatches
from training.data.folders import fingerprint
from training.data.prefetch import PrefetchedBatches
from training.errors import InputError
from training.methods.method import Method
from training.methods.registry import spec_of
from training.running.checkpoint import Checkpoint
from training.running.ema import GeneratorAverages
from training.running.environment import Environment
from training.running.guard import Diverged
from training.running.loop import train
from training.running.recording.build import build_recorder
from training.running.recording.recorder import Recorder
from training.running.recording.tensorboard import TensorBoard
from training.running.reporter import Reporter
from training.running.resume import Start
from training.running.run import RunFolder
from training.running.schedule import Length
from training.running.trainer import Trainer


def attempt(
    run: RunFolder,
    start: Start,
    batches: UnpairedBatches,
    environment: Environment,
    should_stop: Callable[[], bool],
) -> int:
    """Trains from ``start`` to the end of the run, or until asked to stop. Returns the images seen.

    Raises Diverged, InputError, and what PyTorch raises when memory runs out.
    """
    config, reporter = start.config, environment.reporter
    trainer = _trainer(config, batches.with_batch(config.batch), environment)
    images_seen = _restore(trainer, start.checkpoint, reporter) if start.checkpoint else 0
    with ExitStack() as until_the_end:
        recorder = None
        if environment.world.is_first:
            recorder = _recorder(run, trainer, reporter, images_seen, until_the_end)
        continuing = f", continuing after {images_seen}" if images_seen else ""
        told = f"Training {config.method} on {environment.device} for {trainer.length.images} images"
        reporter.note(f"{told} into {run.path}{continuing}")
        try:
            return train(trainer, recorder, images_seen, should_stop)
        except Diverged as error:
            raise Diverged(f"{error}; {_advice(run, config)}") from None


def build_method(config: FitConfig, device: torch.device, world: World) -> Method:
    """Builds the run's method, newly initialised from the seed. Raises InputError for what cannot be built."""
    torch.manual_seed(config.seed)
    return spec_of(config.method).build(config, device, world)


def check_method(config: FitConfig, device: torch.device) -> None:
    """Raises InputError for a method that cannot be built on the device; builds nothing."""
    Precision.choose(config, device)
    spec_of(config.method).check(config)


def length_of(config: FitConfig, batches: UnpairedBatches) -> Length:
    """Returns how long the run is with these pictures."""
    return Length.of(
        epochs=config.epochs,
        images=config.images,
        epoch_images=batches.epoch_images,
        decay_share=config.decay_share,
    )


def _trainer(config: FitConfig, batches: UnpairedBatches, environment: Environment) -> Trainer:
    if environment.device.type == "cuda":
        use_cudnn(tf32=config.tf32)
    method = build_method(config, environment.device, environment.world)
    return Trainer(
        method=method,
        config=config,
        batches=PrefetchedBatches(batches, environment.device, stride=config.batch),
        length=length_of(config, batches),
        world=environment.world,
        average=GeneratorAverages(method.generators, config.ema) if config.ema else None,
    )


def _recorder(
    run: RunFolder, trainer: Trainer, reporter: Reporter, images_seen: int, until_the_end: ExitStack
) -> Recorder:
    """Prepares the folder for a run that continues after ``images_seen`` images; returns what will write into it."""
    run.save_config(trainer.config)
    run.forget_after(images_seen)
    tensorboard = TensorBoard(run.tensorboard, images_seen) if trainer.config.tensorboard else None
    if tensorboard:
        until_the_end.callback(tensorboard.close)
    return build_recorder(trainer, run, reporter, tensorboard, images_seen)


def _restore(trainer: Trainer, checkpoint: Checkpoint, reporter: Reporter) -> int:
    """Restores the checkpoint and returns the images seen. Raises InputError when it or the pictures do not fit."""
    pictures = trainer.batches.batches
    if checkpoint.data_fingerprint != fingerprint(pictures.source, pictures.target):
        _check_pictures(trainer.config, checkpoint.config, reporter)
    checkpoint.restore(trainer.method, trainer.average)
    return checkpoint.images_seen


def _check_pictures(config: FitConfig, began_with: FitConfig, reporter: Reporter) -> None:
    """Raises InputError when the options name another folder, which must hold the same pictures. Only warns when it is
    the same folder: pictures may have been added to it on purpose."""
    for name in ("source", "target"):
        if getattr(config, name) != getattr(began_with, name):
            raise InputError(
                f"--{name} is {getattr(config, name)!r}, but the pictures there are not those of the run's "
                f"{getattr(began_with, name)!r}; leave it out or start a new run."
            )
    reporter.warning("the pictures are not those that the run began with")


def _advice(run: RunFolder, config: FitConfig) -> str:
    """Returns advice for a run that diverged, which would diverge again from the same checkpoint."""
    kept = [path.name for path in run.checkpoints()]
    intact = f"{kept[-1]} is from before" if kept else "no checkpoint is from before"
    return f"{intact}: begin a new run with a lower learning rate than {config.learning_rate:g}, or lower loss weights."
