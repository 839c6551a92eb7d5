"""Trains a filter.

python -m training.fit --preset fastcut --source photos/ --target paintings/ --output runs/monet
python -m training.fit --resume runs/monet
"""

from __future__ import annotations

import dataclasses
import itertools
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pleinair.common.events import ExitStatus

from training.computing.device import choose_device
from training.computing.memory import is_exhausted, release, with_half_the_batch
from training.computing.world import FirstFailed, World, process_group
from training.config import FitConfig
from training.data.batches import UnpairedBatches
from training.data.domains import choose_cache, read_domains
from training.errors import InputError
from training.export import domain_of, export_filter, identifier_from
from training.filters.filter_file import InexactFilter
from training.running.attempt import attempt, check_method, length_of
from training.running.checkpoint import Checkpoint
from training.running.dry_run import dry_run
from training.running.environment import Environment
from training.running.guard import Diverged
from training.running.lock import folder_lock
from training.running.options import named_folders, new_config, read_options
from training.running.progress import Progress, choose_progress
from training.running.recording.tensorboard import check_installed
from training.running.resume import Start, resume
from training.running.run import RunFolder
from training.running.stop import stop_at_end_of, stop_on_signal

EXHAUSTED = (
    "There is not enough memory; close other programs, or make the width, the crop size or the pictures smaller."
)


def main(arguments: list[str] | None = None) -> int:
    """Returns 0 when the filter is there, 130 when interrupted, 2 for bad input, 3 when training diverged."""
    options, world = read_options(arguments), World.from_environment()
    progress = choose_progress(options.pop("progress", "bar"), world)
    try:
        return _fit(options, progress, world)
    except KeyboardInterrupt:
        print(
            "error: Stopped at once; a run that has begun continues from its last checkpoint with --resume.",
            file=sys.stderr,
        )
        progress.stopped()
        return ExitStatus.INTERRUPTED
    except FirstFailed:
        return ExitStatus.BAD_INPUT
    except Exception as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        print(f"error: {sentence}", file=sys.stderr)
        progress.failed(sentence)
        return ExitStatus.DIVERGED if isinstance(error, Diverged) else ExitStatus.BAD_INPUT


def _sentence(error: Exception) -> str | None:
    """What to tell a person of an error; None for one that is nobody's fault but ours."""
    if isinstance(error, OSError):
        where = f" {error.filename}" if error.filename else ""
        return f"A file of the run{where} cannot be written ({error.strerror}); make room and resume the run."
    if isinstance(error, InputError | InexactFilter | Diverged):
        return str(error)
    return EXHAUSTED if is_exhausted(error) else None


def _fit(options: dict[str, Any], progress: Progress, world: World) -> int:
    abandoned = stop_at_end_of() if options.pop("stop_at_eof", False) else lambda: False
    device = choose_device(options.pop("device", "auto"), world)
    environment = Environment(device, world, choose_cache(options.pop("cache", None)), progress, abandoned)
    with process_group(world, device):
        return _dispatch(options, environment)


def _dispatch(options: dict[str, Any], environment: Environment) -> int:
    resumed, dry = options.pop("resume", None), options.pop("dry_run", False)
    if dry and resumed:
        raise InputError("--dry-run looks at the pictures of a new run; leave out --resume.")
    options = named_folders(options)
    if resumed:
        return _go_on(RunFolder(Path(resumed)), options, environment)
    output = options.pop("output", None)
    config = new_config(options)
    if dry:
        return dry_run(config, environment.cache, output, environment.progress)
    return _begin(config, output, environment)


def _begin(config: FitConfig, output: str | None, environment: Environment) -> int:
    run, world = RunFolder(Path(output) if output else _new_folder(config)), environment.world
    with world.first_ahead():
        if world.is_first:
            run.check_new()
    _check(config, environment)
    batches = _read(config, environment)
    check_method(config, environment.device)  # before there is a folder
    world.wait_for_all()
    with ExitStack() as held:
        with world.first_ahead():
            if world.is_first:
                RunFolder.create(run.path, config)
                held.enter_context(folder_lock(run.path))
        return _train(run, Start(config, None), batches, environment)


def _new_folder(config: FitConfig) -> Path:
    """``runs/SOURCE-to-TARGET``, with a number where there is one already."""
    name = identifier_from(f"{domain_of(config.source)}-to-{domain_of(config.target)}")
    paths = (Path("runs") / (f"{name}-{number}" if number > 1 else name) for number in itertools.count(1))
    return next(path for path in paths if not path.exists())


def _go_on(run: RunFolder, options: dict[str, Any], environment: Environment) -> int:
    run.check_begun()
    world = environment.world
    with ExitStack() as held:
        with world.first_ahead():
            if world.is_first:
                held.enter_context(folder_lock(run.path))
            start = resume(run, options, environment.progress, world)
        _check(start.config, environment)
        return _train(run, start, _read(start.config, environment), environment)


def _read(config: FitConfig, environment: Environment) -> UnpairedBatches:
    """Reads the pictures and tells of them. Raises InputError for pictures that cannot be used."""
    domains = read_domains(config, environment.cache)
    environment.progress.note(domains.report())
    return domains.batches(environment.device)


def _train(run: RunFolder, start: Start, batches: UnpairedBatches, environment: Environment) -> int:
    """Trains to the end, or until interrupted, and exports. The caller holds the folder's lock."""
    signalled, progress = stop_on_signal(), environment.progress
    while True:
        try:
            images_seen = attempt(run, start, batches, environment, lambda: signalled() or environment.abandoned())
            break
        except (RuntimeError, MemoryError) as error:
            if not is_exhausted(error):
                raise
        start = _with_less_memory(run, start.config, environment)  # out of the except clause: it would hold all tensors
    if images_seen < length_of(start.config, batches).images:
        progress.note(f"Stopped after {images_seen} images; continue with: python -m training.fit --resume {run.path}")
        progress.stopped(images_seen)
        return ExitStatus.INTERRUPTED
    if environment.world.is_first:
        progress.note(_export(run, start.config))
        progress.finished(images_seen, run.filter.name)
    return ExitStatus.FINISHED


def _with_less_memory(run: RunFolder, config: FitConfig, environment: Environment) -> Start:
    """The last checkpoint, or the beginning, with half the batch. Raises InputError when it cannot be halved."""
    smaller = with_half_the_batch(config, environment.world)
    release(environment.device)
    kept = resume(run, {}, environment.progress, environment.world).checkpoint
    environment.progress.warning(
        f"not enough memory on {environment.device} for a batch of {config.batch}; continuing with {smaller.batch} "
        f"after {kept.images_seen if kept else 0} images"
    )
    return Start(smaller, kept)


def _check(config: FitConfig, environment: Environment) -> None:
    """Before pictures are read and folders made. Raises InputError."""
    size = environment.world.size
    if config.batch % size:
        raise InputError(f"--batch is {config.batch}, but {size} processes share it; give a multiple of {size}.")
    if config.tensorboard:
        check_installed()
    if not {config.source_channels, config.target_channels} <= {1, 3}:
        environment.progress.warning(
            "training with alpha works, but the server and the editors only support RGB filters"
        )


def _export(run: RunFolder, config: FitConfig) -> str:
    """Writes the filter and returns a sentence that says where it is."""
    identifier = config.identifier or identifier_from(run.path.resolve().name)
    chosen = run.best if config.export_best and run.best.is_file() else run.latest_checkpoint()
    checkpoint = dataclasses.replace(Checkpoint.load(chosen), config=config)
    difference = export_filter(checkpoint, run.filter, identifier=identifier)
    return f"Filter {identifier!r} is in {run.filter}; it differs from PyTorch by at most {difference:.1e}"


if __name__ == "__main__":
    sys.exit(main())
