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
from training.running.events import Events
from training.running.guard import Diverged, Guard
from training.running.loop import Training
from training.running.progress import Progress
from training.running.resume import Start
from training.running.run import RunFolder
from training.running.schedule import Length
from training.running.score import PICTURES, Evaluate, translation_score
from training.running.whole import Whole, whole_picture

SAMPLE_PIXELS = 512 * 512


def attempt(
    run: RunFolder, start: Start, batches: UnpairedBatches, environment: Environment, should_stop: Callable[[], bool]
) -> int:
    """Trains from the start to the end, or until asked to stop. Returns the images seen."""
    world = environment.world
    method = build_method(start.config, environment.device, world)
    with ExitStack() as until_the_end:
        events = _events(run, start) if start.config.tensorboard and world.is_first else None
        if events:
            until_the_end.callback(events.close)
        training = _training(start.config, batches.with_batch(start.config.batch), method, run, environment, events)
        images_seen = _restore(training, start.checkpoint) if start.checkpoint else 0
        if world.is_first:
            run.save_config(start.config)
            run.forget_after(images_seen)
        going_on = f", going on after {images_seen}" if images_seen else ""
        told = f"Training {start.config.method} on {environment.device} for {training.length.images} images"
        environment.progress.note(f"{told} into {run.path}{going_on}")
        try:
            return training.train(images_seen, should_stop)
        except Diverged as error:
            raise Diverged(f"{error}; {_advice(run, start.config)}") from None


def build_method(config: FitConfig, device: torch.device, world: World) -> Method:
    """Newly initialised, as the seed says. Raises InputError."""
    torch.manual_seed(config.seed)
    return METHODS[config.method](config, device, world=world)


def _advice(run: RunFolder, config: FitConfig) -> str:
    """What a person whose run diverged can do: the same run from the same checkpoint would diverge again."""
    kept = [path.name for path in run.checkpoints()]
    intact = f"{kept[-1]} is from before" if kept else "no checkpoint is from before"
    return f"{intact}: begin a new run with a lower learning rate than {config.learning_rate:g}, or lower loss weights."


def _events(run: RunFolder, start: Start) -> Events:
    return Events(run.events, start.checkpoint.images_seen if start.checkpoint else 0)


def _training(
    config: FitConfig,
    batches: UnpairedBatches,
    method: Method,
    run: RunFolder,
    environment: Environment,
    events: Events | None,
) -> Training:
    return Training(
        method=method,
        config=config,
        batches=PrefetchedBatches(batches, environment.device, stride=config.batch),
        data_fingerprint=fingerprint(batches.source, batches.target),
        length=length_of(config, batches),
        run=run,
        device=environment.device,
        world=environment.world,
        guard=Guard(config.gan_weight, config.nce_weight, config.adversarial),
        progress=environment.progress,
        sample=_sample(batches),
        whole=_whole(batches, method),
        average=GeneratorAverage(method.networks["generator"], config.ema) if config.ema else None,
        evaluate=_evaluation(config, batches),
        events=events,
    )


def length_of(config: FitConfig, batches: UnpairedBatches) -> Length:
    return Length.of(
        epochs=config.epochs,
        images=config.images,
        epoch_images=batches.epoch_images,
        decay_share=config.decay_share,
    )


def _whole(batches: UnpairedBatches, method: Method) -> Whole | None:
    """What previews show, where crops are mere patches."""
    if not batches.zoom:
        return None
    return Whole(whole_picture(batches.source.pictures[0]), cast(Generator, method.networks["generator"]).multiple)


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


def _restore(training: Training, checkpoint: Checkpoint) -> int:
    """Returns the images seen. Raises InputError when the checkpoint does not fit."""
    if checkpoint.data_fingerprint != training.data_fingerprint:
        _check_pictures(training.config, checkpoint.config, training.progress)
    checkpoint.restore(training.method, training.average)
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
