"""Where a run goes on: with which options, from which checkpoint."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.computing.distributed import rank
from training.config import FitConfig
from training.errors import InputError
from training.methods.registry import config_from_json, presets, refuse_others
from training.running.checkpoint import Checkpoint, DamagedCheckpoint
from training.running.run import RunFolder

# Options that decide nothing of what is computed may change on the way. The folders may have moved; other pictures in
# them are noticed by their fingerprint.
CHANGEABLE = frozenset(
    {"source", "target", "evaluate_every", "export_best", "tensorboard"}
    | {"checkpoint_every", "checkpoint_seconds", "preview_every", "preview_seconds"}
    | {"identifier", "title", "description", "source_domain", "target_domain", "licence"}
)
LENGTH = frozenset({"images", "epochs"})


@dataclass(frozen=True)
class Start:
    """``checkpoint`` is None for a run that was killed before its first."""

    config: FitConfig
    checkpoint: Checkpoint | None


def resume(run: RunFolder, given: Mapping[str, Any], warn: Callable[[str], None]) -> Start:
    """Finds the newest whole checkpoint and the options, and clears away what is damaged.

    ``given`` are the options of the command line, ``output`` and ``preset`` among them; ``warn`` is told of damage.
    Raises InputError when they are not the run's, or no checkpoint is whole. The caller holds the folder's lock.
    """
    if rank() == 0:
        run.make_folders()
        run.remove_leftovers()
    checkpoint = _newest_whole(run, warn)
    return Start(_with_given(run, _saved_config(run, checkpoint), given), checkpoint)


def _newest_whole(run: RunFolder, warn: Callable[[str], None]) -> Checkpoint | None:
    """The damaged ones after it are put aside, so that they are not counted among the last two."""
    damaged: list[Path] = []
    for path in reversed(run.checkpoints()):
        try:
            checkpoint = Checkpoint.load(path)
        except DamagedCheckpoint:
            damaged.append(path)
            continue
        for other in damaged if rank() == 0 else ():
            other.replace(other.with_name(f"{other.name}.damaged"))
            warn(f"{other} is damaged; going on from {path.name} instead")
        return checkpoint
    if damaged:
        raise InputError(
            f"No checkpoint of {run.path} can be read ({damaged[0].name} is damaged); restore one from a copy, "
            "or remove them and --resume starts the run from its beginning."
        )
    return None


def _saved_config(run: RunFolder, checkpoint: Checkpoint | None) -> FitConfig:
    """What config.json says, which must be what the checkpoint was trained with. Raises InputError."""
    if checkpoint and not run.config.is_file():
        return checkpoint.config
    try:
        config = config_from_json(run.config.read_text(encoding="utf-8"))
    except (ValueError, TypeError):
        raise InputError(
            f"{run.config} is damaged; restore it from a copy, or remove it and --resume takes the options from the "
            "last checkpoint."
        ) from None
    if checkpoint:
        trained_with = checkpoint.config.values()
        if config.batch < checkpoint.config.batch:
            del trained_with["batch"]  # halved since, when memory did not suffice
        for name, mine, its in _differences(config, trained_with):
            raise InputError(
                f"{run.config} says {name} {mine!r}, but the checkpoint at {checkpoint.images_seen} images was trained "
                f"with {its!r}; put back the file that belongs to the run, or remove it."
            )
    return config


def _differences(config: FitConfig, others: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Name, the configuration's value and the other one, where they differ and must not."""
    for name, value in config.values().items():
        if name in others and name not in CHANGEABLE | LENGTH and others[name] != value:
            yield name, value, others[name]


def _with_given(run: RunFolder, config: FitConfig, given: Mapping[str, Any]) -> FitConfig:
    refuse_others(given, config.method)
    method = {"method": presets()[given["preset"]]["method"]} if "preset" in given else {}
    differences = [
        (_named("preset" if name == "method" else name), other, mine)
        for name, mine, other in _differences(config, {**given, **method})
    ]
    if "output" in given and Path(given["output"]).resolve() != run.path.resolve():
        differences.append(("--output", str(given["output"]), str(run.path)))
    if differences:
        told = " and ".join(f"{name} is {value!r}, but the run has {own!r}" for name, value, own in differences)
        leave = "leave it out" if len(differences) == 1 else "leave them out"
        raise InputError(f"{told}; {leave} or start a new run.")
    changes = {name: value for name, value in given.items() if name in CHANGEABLE}
    return dataclasses.replace(config, **changes, **_lengthened(config, given))


def _lengthened(config: FitConfig, given: Mapping[str, Any]) -> dict[str, Any]:
    """The new length, when one is given. Raises InputError for a shorter one, or one in the other unit."""
    unit, other = ("epochs", "images") if config.images is None else ("images", "epochs")
    now = getattr(config, unit)
    if other in given:
        raise InputError(
            f"--{other} is {given[other]}, but the length of the run is {now} {unit}; leave it out or lengthen the run "
            f"by --{unit}."
        )
    if unit not in given:
        return {}
    if given[unit] < now:
        raise InputError(
            f"--{unit} is {given[unit]}, but the run has {now} and can only be made longer; leave it out or start a "
            "new run."
        )
    if given[unit] > now:
        print(f"The run is {given[unit]} {unit} long now, and its learning rate falls as in a run of that length")
    return {unit: given[unit]}


def _named(name: str) -> str:
    return f"--{name.replace('_', '-')}"
