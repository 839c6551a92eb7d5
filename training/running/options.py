"""The command line of ``training.fit``: the options of every run, and those of the chosen preset's method."""

from __future__ import annotations

import argparse
import dataclasses
import itertools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from training.config import FitConfig
from training.errors import InputError
from training.methods import registry
from training.methods.registry import DEFAULT_PRESET, configure, presets, refuse_others
from training.rules import flag, options_of, types_of
from training.running.reporter import KINDS


def read_options(arguments: list[str] | None) -> dict[str, Any]:
    """Returns the options that were given, by name. Ends the program when one does not exist."""
    return vars(_parser(_preset_in(arguments)).parse_args(arguments))


def named_folders(options: dict[str, Any]) -> dict[str, Any]:
    """Replaces ``--dataroot`` by the two folders that it stands for, and makes the folders' paths absolute."""
    dataroot = options.pop("dataroot", None)
    if dataroot is not None:
        options = {"source": Path(dataroot) / "trainA", "target": Path(dataroot) / "trainB", **options}
    folders = {name: str(Path(options[name]).resolve()) for name in ("source", "target") if name in options}
    return options | folders


def new_config(options: dict[str, Any]) -> FitConfig:
    """Returns the preset's configuration, changed by the given options. Raises InputError."""
    for name in ("source", "target"):
        if name not in options:
            raise InputError(f"There is no --{name}; name a folder of pictures, or both folders by --dataroot.")
    if {"images", "epochs"} <= options.keys():
        raise InputError("--images and --epochs both say how long to train; give one of them.")
    if "epochs" in options:
        options = {"images": None, **options}  # also in place of a preset's length
    preset = presets()[options.pop("preset", DEFAULT_PRESET)]
    refuse_others(options, preset["method"])
    return configure({**preset, **options})


def _preset_in(arguments: list[str] | None) -> str:
    """Returns the preset that the arguments choose, or the default for an unknown one, which is refused later."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--preset", nargs="?")
    chosen = parser.parse_known_args(arguments)[0].preset
    return str(chosen) if chosen in presets() else DEFAULT_PRESET


def _parser(preset: str) -> argparse.ArgumentParser:
    """Builds a parser whose help shows the preset's method. It also knows other methods' options, without help, so that
    they can be refused by name."""
    parser = argparse.ArgumentParser(
        prog="python -m training.fit",
        description="Trains a filter from two sets of pictures and exports it.",
        epilog="Each preset's method has options of its own; --preset NAME --help shows them.",
        argument_default=argparse.SUPPRESS,
    )
    _add_process(parser)
    values = presets()[preset]
    spec = registry.spec_of(values["method"])
    for heading, options in itertools.groupby(options_of(FitConfig), lambda option: option.metadata["group"]):
        _add(parser.add_argument_group(heading), options, FitConfig, values)
    own = parser.add_argument_group(f"options of {' and '.join(spec.names)}", spec.summary)
    _add(own, options_of(spec.options), spec.options, values)
    seen = {option.name for option in options_of(spec.options)}
    for other in registry.METHODS:
        hidden = [option for option in options_of(other.options) if option.name not in seen]
        _add(parser, hidden, other.options, None)
        seen |= {option.name for option in hidden}
    return parser


def _add_process(parser: argparse.ArgumentParser) -> None:
    """Adds the options that are not part of the configuration, such as where to write and on which device to train."""
    parser.add_argument(
        "--preset", choices=presets(), help=f"the method with its paper's options (default: {DEFAULT_PRESET})"
    )
    parser.add_argument("--output", help="a new folder for the run (default: runs/SOURCE-to-TARGET)")
    parser.add_argument("--resume", metavar="RUN", help="continue the run in this folder, with its own options")
    parser.add_argument("--dataroot", help="a folder with trainA (source) and trainB (target)")
    parser.add_argument(
        "--dry-run", action="store_true", help="read the pictures, write a sheet of what the networks see, do not train"
    )
    parser.add_argument(
        "--cache",
        metavar="DIR",
        help="folder for decoded pictures, or none (default: the platform's, for 16 MB of pictures and more)",
    )
    parser.add_argument(
        "--progress", choices=KINDS, help="a bar, or json: one line of JSON for each event on stdout (default: bar)"
    )
    parser.add_argument(
        "--stop-at-eof", action="store_true", help="stop as Ctrl-C does, with a checkpoint, when standard input ends"
    )
    parser.add_argument("--device", help="auto, cpu, cuda, cuda:N or mps (default: auto)")


def _add(
    group: argparse._ActionsContainer,
    options: Iterable[dataclasses.Field[Any]],
    owner: type[Any],
    preset: Mapping[str, Any] | None,
) -> None:
    """Adds options; help names the preset's values as defaults, and without a preset there is no help."""
    types = types_of(owner)
    for option in options:
        kind = types[option.name]
        text = argparse.SUPPRESS if preset is None else _help(option, preset)
        if kind is bool:
            group.add_argument(flag(option.name), action=argparse.BooleanOptionalAction, help=text)
        else:
            group.add_argument(flag(option.name), type=kind, help=text, metavar=kind.__name__.upper())


def _help(option: dataclasses.Field[Any], preset: Mapping[str, Any]) -> str:
    default = preset.get(option.name, option.default)
    text = str(option.metadata["help"])
    return text if isinstance(default, bool) or default in ("", None) else f"{text} (default: {default})"
