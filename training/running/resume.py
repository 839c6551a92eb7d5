"""Decides how a run continues: with which options and from which checkpoint."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.computing.world import World
from training.config import FitConfig
from training.errors import InputError
from training.methods.registry import config_from_json, presets, refuse_others
from training.rules import flag
from training.running.checkpoint import Checkpoint, DamagedCheckpoint
from training.running.reporter import Reporter
from training.running.run import RunFolder

# Options that do not affect what is computed may change when a run is resumed. The folders may have moved; other
# pictures in them are noticed by their fingerprint.
CHANGEABLE = frozenset(
    {"source", "target", "evaluate_every", "export_best", "tensorboard"}
    | {"checkpoint_every", "checkpoint_seconds", "preview_every", "preview_seconds"}
    | {"identifier", "title", "description", "source_domain", "target_domain", "licence"}
)
LENGTH = frozenset({"images", "epochs"})


@dataclass(frozen=True)
class Start:
    """Where a run begins or continues. ``checkpoint`` is None at the beginning."""

    config: FitConfig
    checkpoint: Checkpoint | None


def resume(run: RunFolder, given: Mapping[str, Any], reporter: Reporter, world: World) -> Start:
    """Finds the options and the newest undamaged checkpoint, and renames damaged ones.

    ``given`` are the options of the command line, including ``output`` and ``preset``; ``reporter`` is told of damage
    and of a new length. Raises InputError when the options are not the run's, or when all checkpoints are damaged. The
    first process holds the folder's lock and calls this before the others.
    """
    if world.is_first:
        run.make_folders()
        run.remove_leftovers()
    checkpoint = _newest_whole(run, reporter, world)
    saved = _saved_config(run, checkpoint)
    config = _with_given(run, saved, given)
    length, unit = _length(config)
    if length != _length(saved)[0]:
        reporter.note(f"The run is {length} {unit} long now, and its learning rate falls as in a run of that length")
    return Start(config, checkpoint)


def _length(config: FitConfig) -> tuple[int | None, str]:
    """Returns how long the run is, and in what unit."""
    return (config.epochs, "epochs") if config.images is None else (config.images, "images")


def _newest_whole(run: RunFolder, reporter: Reporter, world: World) -> Checkpoint | None:
    """Returns the newest undamaged checkpoint, or None when there is none at all. Renames newer, damaged ones, so that
    they do not count among the last two. Raises InputError when all are damaged."""
    damaged: list[Path] = []
    for path in reversed(run.checkpoints()):
        try:
            checkpoint = Checkpoint.load(path)
        except DamagedCheckpoint:
            damaged.append(path)
            continue
        for other in damaged if world.is_first else ():
            other.replace(other.with_name(f"{other.name}.damaged"))
            reporter.warning(f"{other} is damaged; continuing from {path.name} instead")
        return checkpoint
    if damaged:
        raise InputError(
            f"No checkpoint of {run.path} can be read ({damaged[0].name} is damaged); restore one from a copy, "
            "or delete them, and --resume starts the run from its beginning."
        )
    return None


def _saved_config(run: RunFolder, checkpoint: Checkpoint | None) -> FitConfig:
    """Returns the options in config.json, or the checkpoint's when that file is gone. Raises InputError when the file
    is damaged, or its options are not those that the checkpoint was trained with."""
    if checkpoint and not run.config.is_file():
        return checkpoint.config
    try:
        config = config_from_json(run.config.read_text(encoding="utf-8"))
    except (ValueError, TypeError):
        raise InputError(
            f"{run.config} is damaged; restore it from a copy, or delete it, and --resume takes the options from the "
            "last checkpoint."
        ) from None
    if checkpoint:
        trained_with = checkpoint.config.values()
        if config.batch < checkpoint.config.batch:
            del trained_with["batch"]  # halved since then, because memory ran out
        for name, mine, its in _differences(config, trained_with):
            raise InputError(
                f"{run.config} says {name} {mine!r}, but the checkpoint at {checkpoint.images_seen} images was trained "
                f"with {its!r}; put back the file that belongs to the run, or remove it."
            )
    return config


def _differences(config: FitConfig, others: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yields the options that must not differ but do: name, the configuration's value, the other value."""
    for name, value in config.values().items():
        if name in others and name not in CHANGEABLE | LENGTH and others[name] != value:
            yield name, value, others[name]


def _with_given(run: RunFolder, config: FitConfig, given: Mapping[str, Any]) -> FitConfig:
    refuse_others(given, config.method)
    method = {"method": presets()[given["preset"]]["method"]} if "preset" in given else {}
    differences = [
        (flag("preset" if name == "method" else name), other, mine)
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
    """Returns the new length, if one is given. Raises InputError for a shorter one, or one in the other unit."""
    now, unit = _length(config)
    other = "images" if unit == "epochs" else "epochs"
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
    return {unit: given[unit]}
