"""One attempt to train: its parts put together, where it begins, and how it goes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

import torch
from torch import Tensor

from training.computing.distributed import rank
from training.computing.precision import Precision, use_cudnn
from training.config import FitConfig
from training.data.batches import UnpairedBatches, examples
from training.data.cache import PictureCache
from training.data.folders import fingerprint
from training.data.prefetch import PrefetchedBatches
from training.errors import InputError
from training.methods.method import Method
from training.methods.registry import spec_of
from training.running.checkpoint import Checkpoint
from training.running.ema import GeneratorAverages
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


@dataclass(frozen=True)
class Process:
    """What this process trains with and whom it tells: nothing here decides what is computed."""

    device: torch.device
    cache: PictureCache | None
    progress: Progress
    abandoned: Callable[[], bool]  # the program that started it has closed its standard input


def attempt(
    run: RunFolder, start: Start, batches: UnpairedBatches, process: Process, should_stop: Callable[[], bool]
) -> int:
    """Trains from the start to the end, or until asked to stop. Returns the images seen."""
    if process.device.type == "cuda":
        use_cudnn(tf32=start.config.tf32)
    method = build_method(start.config, process.device)
    with ExitStack() as until_the_end:
        events = _events(run, start)
        if events:
            until_the_end.callback(events.close)
        training = _training(start.config, batches.with_batch(start.config.batch), method, run, process, events)
        images_seen = _restore(training, start.checkpoint) if start.checkpoint else 0
        if rank() == 0:
            run.save_config(start.config)
            run.forget_after(images_seen)
        going_on = f", going on after {images_seen}" if images_seen else ""
        told = f"Training {start.config.method} on {process.device} for {training.length.images} images"
        print(f"{told} into {run.path}{going_on}", flush=True)
        try:
            return training.train(images_seen, should_stop)
        except Diverged as error:
            raise Diverged(f"{error}; {_advice(run, start.config)}") from None


def build_method(config: FitConfig, device: torch.device) -> Method:
    """The run's method, newly initialised as the seed says. Raises InputError for what cannot be built."""
    torch.manual_seed(config.seed)
    return spec_of(config.method).build(config, device)


def check_method(config: FitConfig, device: torch.device) -> None:
    """Raises InputError for a method that cannot be built on the device; builds nothing."""
    Precision.choose(config, device)
    spec_of(config.method).check(config)


def _advice(run: RunFolder, config: FitConfig) -> str:
    """What a person whose run diverged can do: the same run from the same checkpoint would diverge again."""
    kept = [path.name for path in run.checkpoints()]
    intact = f"{kept[-1]} is from before" if kept else "no checkpoint is from before"
    return f"{intact}: begin a new run with a lower learning rate than {config.learning_rate:g}, or lower loss weights."


def _events(run: RunFolder, start: Start) -> Events | None:
    if not start.config.tensorboard or rank() > 0:
        return None
    return Events(run.events, start.checkpoint.images_seen if start.checkpoint else 0)


def _training(
    config: FitConfig,
    batches: UnpairedBatches,
    method: Method,
    run: RunFolder,
    process: Process,
    events: Events | None,
) -> Training:
    return Training(
        method=method,
        config=config,
        batches=PrefetchedBatches(batches, process.device, stride=config.batch),
        data_fingerprint=fingerprint(batches.source, batches.target),
        length=length_of(config, batches),
        run=run,
        device=process.device,
        guard=Guard(spec_of(config.method).watch(config)),
        progress=process.progress,
        sample=_sample(batches),
        whole=_whole(batches, method.generators[spec_of(config.method).primary].multiple),
        average=GeneratorAverages(method.generators, config.ema) if config.ema else None,
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


def _whole(batches: UnpairedBatches, multiple: int) -> Whole | None:
    """What previews show, where crops are mere patches; ``multiple`` is that of the generator that translates it."""
    if not batches.zoom:
        return None
    return Whole(whole_picture(batches.source.pictures[0]), multiple)


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
