"""Trains a filter.

python -m training.fit --preset fastcut --source photos/ --target paintings/ --output runs/monet
python -m training.fit --resume runs/monet
"""

from __future__ import annotations

import dataclasses
import itertools
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from pleinair.common.events import ExitStatus

from training.computing.device import choose_device
from training.computing.distributed import process_group, rank, wait_for_all, world_size
from training.computing.memory import is_exhausted, release, with_half_the_batch
from training.config import FitConfig
from training.data.batches import UnpairedBatches
from training.data.domains import choose_cache, read_domains
from training.errors import InputError
from training.export import domain_of, export_filter, identifier_from
from training.filters.filter_file import InexactFilter
from training.running.attempt import Process, attempt, check_method, length_of
from training.running.checkpoint import Checkpoint
from training.running.dry_run import dry_run
from training.running.events import check_installed
from training.running.guard import Diverged
from training.running.lock import folder_lock
from training.running.options import named_folders, new_config, read_options
from training.running.progress import Progress, telling
from training.running.resume import Start, resume
from training.running.run import RunFolder
from training.running.stop import stop_at_end_of, stop_on_signal

EXHAUSTED = (
    "Memory does not suffice; end other programs that use it, or make the width, the crop size or the pictures smaller."
)


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
            return ExitStatus.INTERRUPTED
        except Diverged as error:
            return _failed(progress, str(error), ExitStatus.DIVERGED)
        except (InputError, InexactFilter) as error:
            return _failed(progress, str(error))
        except OSError as error:
            where = f" {error.filename}" if error.filename else ""
            return _failed(
                progress,
                f"A file of the run{where} cannot be written ({error.strerror}); make room and resume the run.",
            )
        except (RuntimeError, MemoryError) as error:
            if not is_exhausted(error):
                raise
            return _failed(progress, EXHAUSTED)


def _failed(progress: Progress, sentence: str, code: int = ExitStatus.BAD_INPUT) -> int:
    print(f"error: {sentence}", file=sys.stderr)
    progress.failed(sentence)
    return code


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
    check_method(config, process.device)  # before there is a folder
    wait_for_all()
    if rank() > 0:
        return _train(run, Start(config, None), batches, process)
    run = RunFolder.create(run.path, config)
    with folder_lock(run.path):
        return _train(run, Start(config, None), batches, process)


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
        return _train(run, start, batches, process)


def _train(run: RunFolder, start: Start, batches: UnpairedBatches, process: Process) -> int:
    """Trains to the end, or until interrupted, and exports. The caller holds the folder's lock."""
    signalled = stop_on_signal()
    while True:
        try:
            images_seen = attempt(run, start, batches, process, lambda: signalled() or process.abandoned())
            break
        except (RuntimeError, MemoryError) as error:
            if not is_exhausted(error):
                raise
        start = _with_less_memory(run, start.config, process)  # out of the except clause: it would hold all tensors
    if images_seen < length_of(start.config, batches).images:
        print(f"Stopped after {images_seen} images; go on with: python -m training.fit --resume {run.path}")
        process.progress.stopped(images_seen)
        return ExitStatus.INTERRUPTED
    if rank() == 0:
        _export(run, start.config)
        process.progress.finished(images_seen, run.filter.name)
    return ExitStatus.FINISHED


def _with_less_memory(run: RunFolder, config: FitConfig, process: Process) -> Start:
    """The last checkpoint, or the beginning, with half the batch. Raises InputError when it cannot be halved."""
    smaller = with_half_the_batch(config)
    release(process.device)
    kept = resume(run, {}, process.progress.warning).checkpoint
    process.progress.warning(
        f"memory on {process.device} does not suffice for a batch of {config.batch}; going on with {smaller.batch} "
        f"after {kept.images_seen if kept else 0} images"
    )
    return Start(smaller, kept)


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


def _export(run: RunFolder, config: FitConfig) -> None:
    identifier = config.identifier or identifier_from(run.path.resolve().name)
    chosen = run.best if config.export_best and run.best.is_file() else run.latest_checkpoint()
    checkpoint = dataclasses.replace(Checkpoint.load(chosen), config=config)
    difference = export_filter(checkpoint, run.filter, identifier=identifier)
    print(f"Filter {identifier!r} is in {run.filter}; it differs from PyTorch by at most {difference:.1e}")


if __name__ == "__main__":
    sys.exit(main())
