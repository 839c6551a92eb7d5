"""Begins or continues a run: checks what can be checked before training, and locks the run's folder."""

from __future__ import annotations

import itertools
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from training.config import FitConfig
from training.data.batches import UnpairedBatches
from training.data.domains import read_domains
from training.errors import InputError
from training.export import domain_of, identifier_from
from training.running.attempt import check_method
from training.running.completion import train_to_end
from training.running.environment import Environment
from training.running.lock import folder_lock
from training.running.recording.tensorboard import check_installed
from training.running.resume import Start, resume
from training.running.run import RunFolder


def begin_run(config: FitConfig, output: str | None, environment: Environment) -> int:
    """Trains in a new folder, by default one named after the pictures. Returns the exit status; raises InputError."""
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
        return train_to_end(run, Start(config, None), batches, environment)


def continue_run(run: RunFolder, options: dict[str, Any], environment: Environment) -> int:
    """Resumes training from the last checkpoint. Returns the exit status; raises InputError for unfitting options."""
    run.check_begun()
    world = environment.world
    with ExitStack() as held:
        with world.first_ahead():
            if world.is_first:
                held.enter_context(folder_lock(run.path))
            start = resume(run, options, environment.reporter, world)
        _check(start.config, environment)
        return train_to_end(run, start, _read(start.config, environment), environment)


def _new_folder(config: FitConfig) -> Path:
    """Returns ``runs/SOURCE-to-TARGET``, with a number if that exists already."""
    name = identifier_from(f"{domain_of(config.source)}-to-{domain_of(config.target)}")
    paths = (Path("runs") / (f"{name}-{number}" if number > 1 else name) for number in itertools.count(1))
    return next(path for path in paths if not path.exists())


def _read(config: FitConfig, environment: Environment) -> UnpairedBatches:
    """Reads the pictures and reports them. Raises InputError for pictures that cannot be used."""
    domains = read_domains(config, environment.cache)
    environment.reporter.note(domains.report())
    return domains.batches(environment.device)


def _check(config: FitConfig, environment: Environment) -> None:
    """Raises InputError for options that cannot work, before pictures are read or folders made."""
    size = environment.world.size
    if config.batch % size:
        raise InputError(f"--batch is {config.batch}, but {size} processes share it; give a multiple of {size}.")
    if config.tensorboard:
        check_installed()
    if not {config.source_channels, config.target_channels} <= {1, 3}:
        environment.reporter.warning(
            "training with alpha works, but the server and the editors only support RGB filters"
        )
