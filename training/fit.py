"""Trains a filter.

python -m training.fit --preset fastcut --source photos/ --target paintings/ --output runs/monet
python -m training.fit --resume runs/monet
"""

from __future__ import annotations

import dataclasses
import itertools
import sys
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from training.checkpoint import Checkpoint
from training.config import FitConfig
from training.data.batches import UnpairedBatches, examples
from training.data.cache import PictureCache
from training.data.domains import choose_cache, read_domains
from training.data.folders import fingerprint
from training.data.prefetch import PrefetchedBatches
from training.device import choose_device
from training.distributed import process_group, rank, wait_for_all, world_size
from training.dry_run import dry_run
from training.ema import GeneratorAverage
from training.errors import InputError
from training.events import Events, check_installed
from training.export import domain_of, export_filter, identifier_from
from training.filter_file import InexactFilter
from training.guard import Diverged, Guard
from training.lock import folder_lock
from training.loop import Training
from training.methods import METHODS, Method
from training.options import named_folders, new_config, read_options
from training.preview import whole_picture
from training.progress import Progress, telling
from training.resume import Start, resume
from training.run import RunFolder
from training.schedule import Length
from training.score import PICTURES, Evaluate, translation_score
from training.stop import stop_at_end_of, stop_on_signal

SAMPLE_PIXELS = 512 * 512
INTERRUPTED = 130
DIVERGED = 3


def main(arguments: list[str] | None = None) -> int:
    """Returns 0 when the filter is there, 130 when interrupted, 2 for bad input, 3 when training diverged."""
    options = read_options(arguments)
    with telling(options.pop("progress", "bar")) as progress:
        try:
            return _fit(options, progress)
        except KeyboardInterrupt:
            print(
                "error: Stopped at once; a run that has begun goes on from its last checkpoint with --resume.",
                file=sys.stderr,
            )
            progress.stopped()
            return INTERRUPTED
        except Diverged as error:
            return _failed(progress, str(error), DIVERGED)
        except (InputError, InexactFilter) as error:
            return _failed(progress, str(error))
        except OSError as error:
            where = f" {error.filename}" if error.filename else ""
            return _failed(
                progress, f"A file of the run{where} cannot be written ({error.strerror}); make room and use --resume."
            )


def _failed(progress: Progress, sentence: str, code: int = 2) -> int:
    print(f"error: {sentence}", file=sys.stderr)
    progress.failed(sentence)
    return code


@dataclass(frozen=True)
class Process:
    """What this process trains with and whom it tells: nothing here decides what is computed."""

    device: torch.device
    cache: PictureCache | None
    progress: Progress
    abandoned: Callable[[], bool]  # the program that started it has closed its standard input


def _fit(options: dict[str, Any], progress: Progress) -> int:
    abandoned = stop_at_end_of() if options.pop("stop_at_eof", False) else lambda: False
    device = choose_device(options.pop("device", "auto"))
    process = Process(device, choose_cache(options.pop("cache", None)), progress, abandoned)
    with process_group(device):
        return _dispatch(options, process)


def _dispatch(options: dict[str, Any], process: Process) -> int:
    resumed, dry = options.pop("resume", None), options.pop("dry_run", False)
    if dry and resumed:
        raise InputError("--dry-run looks at the pictures of a new run; leave out --resume.")
    options = named_folders(options)
    if resumed:
        return _go_on(RunFolder(Path(resumed)), options, process)
    output = options.pop("output", None)
    config = new_config(options)
    return dry_run(config, process.cache, output) if dry else _begin(config, output, process)


def _begin(config: FitConfig, output: str | None, process: Process) -> int:
    run = RunFolder(Path(output) if output else _new_folder(config))
    if rank() == 0:
        run.check_new()
    _check(config, process.progress)
    batches = read_domains(config, process.device, process.cache)
    method = _method(config, process.device)  # refuses what cannot be built before there is a folder
    wait_for_all()
    if rank() > 0:
        return _train(run, Start(config, None), batches, method, process)
    run = RunFolder.create(run.path, config)
    with folder_lock(run.path):
        return _train(run, Start(config, None), batches, method, process)


def _new_folder(config: FitConfig) -> Path:
    """``runs/SOURCE-to-TARGET``, with a number where there is one already."""
    name = identifier_from(f"{domain_of(config.source)}-to-{domain_of(config.target)}")
    paths = (Path("runs") / (f"{name}-{number}" if number > 1 else name) for number in itertools.count(1))
    return next(path for path in paths if not path.exists())


def _go_on(run: RunFolder, options: dict[str, Any], process: Process) -> int:
    run.check_begun()
    with folder_lock(run.path) if rank() == 0 else nullcontext():
        if rank() > 0:
            wait_for_all()  # until the first process has tidied the folder up
        start = resume(run, options, process.progress.warning)
        if rank() == 0:
            wait_for_all()
        _check(start.config, process.progress)
        batches = read_domains(start.config, process.device, process.cache)
        return _train(run, start, batches, _method(start.config, process.device), process)


def _method(config: FitConfig, device: torch.device) -> Method:
    """Newly initialised, as the seed says. Raises InputError."""
    torch.manual_seed(config.seed)
    return METHODS[config.method](config, device)


def _train(run: RunFolder, start: Start, batches: UnpairedBatches, method: Method, process: Process) -> int:
    """Trains to the end, or until interrupted, and exports. The caller holds the folder's lock."""
    with ExitStack() as until_the_end:
        events = _events(run, start)
        if events:
            until_the_end.callback(events.close)
        training = _training(start.config, batches, method, run, process, events)
        images_seen = _restore(training, start.checkpoint) if start.checkpoint else 0
        if rank() == 0:
            run.save_config(start.config)
            run.forget_metrics_after(images_seen)
            run.forget_best_after(images_seen)
            run.forget_previews_after(images_seen)
        going_on = f", going on after {images_seen}" if images_seen else ""
        length = training.length.images
        method_name = start.config.method
        print(f"Training {method_name} on {process.device} for {length} images into {run.path}{going_on}", flush=True)
        signalled = stop_on_signal()
        try:
            images_seen = training.train(images_seen, lambda: signalled() or process.abandoned())
        except Diverged as error:
            raise Diverged(f"{error}; {_advice(run, start.config)}") from None
    if images_seen < length:
        print(f"Stopped after {images_seen} images; go on with: python -m training.fit --resume {run.path}")
        process.progress.stopped(images_seen)
        return INTERRUPTED
    if rank() == 0:
        _export(run, start.config)
        process.progress.finished(images_seen, run.filter.name)
    return 0


def _check(config: FitConfig, progress: Progress) -> None:
    """Before pictures are read and folders made. Raises InputError."""
    if config.batch % world_size():
        raise InputError(
            f"--batch is {config.batch}, but {world_size()} processes share it; give a multiple of {world_size()}."
        )
    if config.tensorboard:
        check_installed()
    if not {config.source_channels, config.target_channels} <= {1, 3}:
        progress.warning("pictures with alpha train, but server and editors serve filters of RGB only")


def _advice(run: RunFolder, config: FitConfig) -> str:
    """What a person whose run diverged can do: the same run from the same checkpoint would diverge again."""
    kept = [path.name for path in run.checkpoints()]
    intact = f"{kept[-1]} is from before" if kept else "no checkpoint is from before"
    return (
        f"{intact}: begin a new run with a lower --learning-rate than {config.learning_rate:g}, or lower loss weights."
    )


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
    whole = whole_picture(batches.source.pictures[0]) if config.strategy == "patch" else None
    length = Length.of(
        epochs=config.epochs,
        images=config.images,
        epoch_images=batches.epoch_images,
        decay_share=config.decay_share,
    )
    return Training(
        method=method,
        config=config,
        batches=PrefetchedBatches(batches, process.device, stride=config.batch),
        data_fingerprint=fingerprint(batches.source, batches.target),
        length=length,
        run=run,
        device=process.device,
        guard=Guard(config.gan_weight, config.nce_weight, config.adversarial),
        progress=process.progress,
        sample=_sample(batches),
        whole=whole,
        average=GeneratorAverage(method.networks["generator"], config.ema) if config.ema else None,
        evaluate=_evaluation(config, batches),
        events=events,
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


def _export(run: RunFolder, config: FitConfig) -> None:
    identifier = config.identifier or identifier_from(run.path.resolve().name)
    chosen = run.best if config.export_best and run.best.is_file() else run.latest_checkpoint()
    checkpoint = dataclasses.replace(Checkpoint.load(chosen), config=config)
    difference = export_filter(checkpoint, run.filter, identifier=identifier)
    print(f"Filter {identifier!r} is in {run.filter}; it differs from PyTorch by at most {difference:.1e}")


if __name__ == "__main__":
    sys.exit(main())
