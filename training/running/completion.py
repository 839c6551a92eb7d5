"""Trains to the end of a run, with less memory if necessary, and exports its filter."""

from __future__ import annotations

import dataclasses

from pleinair.common.events import ExitStatus

from training.computing.memory import is_exhausted, release, with_half_the_batch
from training.config import FitConfig
from training.data.batches import UnpairedBatches
from training.export import export_filter, identifier_from
from training.running.attempt import attempt, length_of
from training.running.checkpoint import Checkpoint
from training.running.environment import Environment
from training.running.resume import Start, resume
from training.running.run import RunFolder
from training.running.stop import stop_on_signal


def train_to_end(run: RunFolder, start: Start, batches: UnpairedBatches, environment: Environment) -> int:
    """Trains until done or interrupted, and exports the filter of a finished run. Returns the exit status.

    The caller holds the folder's lock.
    """
    signalled, reporter = stop_on_signal(), environment.reporter
    while True:
        try:
            images_seen = attempt(run, start, batches, environment, lambda: signalled() or environment.abandoned())
            break
        except (RuntimeError, MemoryError) as error:
            if not is_exhausted(error):
                raise
        start = _with_less_memory(run, start.config, environment)  # outside of "except", which would hold all tensors
    if images_seen < length_of(start.config, batches).images:
        reporter.note(f"Stopped after {images_seen} images; continue with: python -m training.fit --resume {run.path}")
        reporter.stopped(images_seen)
        return ExitStatus.INTERRUPTED
    if environment.world.is_first:
        reporter.note(_export(run, start.config))
        reporter.finished(images_seen, run.filter.name)
    return ExitStatus.FINISHED


def _with_less_memory(run: RunFolder, config: FitConfig, environment: Environment) -> Start:
    """Returns the last checkpoint, or the beginning, with half the batch. Raises InputError when that is impossible."""
    smaller = with_half_the_batch(config, environment.world)
    release(environment.device)
    kept = resume(run, {}, environment.reporter, environment.world).checkpoint
    environment.reporter.warning(
        f"not enough memory on {environment.device} for a batch of {config.batch}; continuing with {smaller.batch} "
        f"after {kept.images_seen if kept else 0} images"
    )
    return Start(smaller, kept)


def _export(run: RunFolder, config: FitConfig) -> str:
    """Writes the filter and returns a sentence that says where it is."""
    identifier = config.identifier or identifier_from(run.path.resolve().name)
    chosen = run.best if config.export_best and run.best.is_file() else run.latest_checkpoint()
    checkpoint = dataclasses.replace(Checkpoint.load(chosen), config=config)
    difference = export_filter(checkpoint, run.filter, identifier=identifier)
    return f"Filter {identifier!r} is in {run.filter}; it differs from PyTorch by at most {difference:.1e}"
