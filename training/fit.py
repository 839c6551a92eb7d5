"""Trains a filter.

python -m training.fit --preset fastcut --source photos/ --target paintings/ --output runs/monet
python -m training.fit --resume runs/monet
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pleinair.common.events import ExitStatus

from training.computing.device import choose_device
from training.computing.memory import is_exhausted
from training.computing.world import FirstFailed, World, process_group
from training.data.domains import choose_cache
from training.errors import InputError
from training.filters.filter_file import InexactFilter
from training.running.dry_run import dry_run
from training.running.environment import Environment
from training.running.guard import Diverged
from training.running.launch import begin_run, continue_run
from training.running.options import named_folders, new_config, read_options
from training.running.reporter import Reporter, choose_reporter
from training.running.run import RunFolder
from training.running.stop import stop_at_end_of

EXHAUSTED = (
    "There is not enough memory; close other programs, or make the width, the crop size or the pictures smaller."
)


def main(arguments: list[str] | None = None) -> int:
    """Trains. Returns 0 when the filter is written, 130 when interrupted, 2 for bad input, 3 when training diverged."""
    options, world = read_options(arguments), World.from_environment()
    reporter = choose_reporter(options.pop("progress", "bar"), world)
    try:
        return _fit(options, reporter, world)
    except KeyboardInterrupt:
        print(
            "error: Stopped at once; a run that has begun continues from its last checkpoint with --resume.",
            file=sys.stderr,
        )
        reporter.stopped()
        return ExitStatus.INTERRUPTED
    except FirstFailed:
        return ExitStatus.BAD_INPUT
    except Exception as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        print(f"error: {sentence}", file=sys.stderr)
        reporter.failed(sentence)
        return ExitStatus.DIVERGED if isinstance(error, Diverged) else ExitStatus.BAD_INPUT


def _sentence(error: Exception) -> str | None:
    """Returns what to tell a person about an error; None for one that is a bug of ours."""
    if isinstance(error, OSError):
        where = f" {error.filename}" if error.filename else ""
        return f"A file of the run{where} cannot be written ({error.strerror}); make room and resume the run."
    if isinstance(error, InputError | InexactFilter | Diverged):
        return str(error)
    return EXHAUSTED if is_exhausted(error) else None


def _fit(options: dict[str, Any], reporter: Reporter, world: World) -> int:
    abandoned = stop_at_end_of() if options.pop("stop_at_eof", False) else lambda: False
    device = choose_device(options.pop("device", "auto"), world)
    environment = Environment(device, world, choose_cache(options.pop("cache", None)), reporter, abandoned)
    with process_group(world, device):
        return _dispatch(options, environment)


def _dispatch(options: dict[str, Any], environment: Environment) -> int:
    resumed, dry = options.pop("resume", None), options.pop("dry_run", False)
    if dry and resumed:
        raise InputError("--dry-run looks at the pictures of a new run; leave out --resume.")
    options = named_folders(options)
    if resumed:
        return continue_run(RunFolder(Path(resumed)), options, environment)
    output = options.pop("output", None)
    config = new_config(options)
    if dry:
        return dry_run(config, environment.cache, output, environment.reporter)
    return begin_run(config, output, environment)


if __name__ == "__main__":
    sys.exit(main())
