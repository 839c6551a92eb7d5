"""The command line of ``training.fit``."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any, get_args, get_type_hints

from training.config import PRESETS, FitConfig
from training.errors import InputError
from training.running.progress import KINDS


def read_options(arguments: list[str] | None) -> dict[str, Any]:
    """The options that were given, by name. Ends the program for one that does not exist."""
    return vars(_parser().parse_args(arguments))


def named_folders(options: dict[str, Any]) -> dict[str, Any]:
    """``--dataroot`` as the two folders that it stands for, and all folders of pictures from the root."""
    dataroot = options.pop("dataroot", None)
    if dataroot is not None:
        options = {"source": Path(dataroot) / "trainA", "target": Path(dataroot) / "trainB", **options}
    folders = {name: str(Path(options[name]).resolve()) for name in ("source", "target") if name in options}
    return options | folders


def new_config(options: dict[str, Any]) -> FitConfig:
    """The preset with the given options in its place. Raises InputError."""
    for name in ("source", "target"):
        if name not in options:
            raise InputError(f"There is no --{name}; name a folder of pictures, or both folders by --dataroot.")
    if {"images", "epochs"} <= options.keys():
        raise InputError("--images and --epochs both say how long to train; give one of them.")
    if "epochs" in options:
        options = {"images": None, **options}  # also in place of a preset's length
    return FitConfig(**{**PRESETS[options.pop("preset", "cut")], **options})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.fit",
        description="Trains a filter from two sets of pictures and exports it.",
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument("--preset", choices=PRESETS, help="the method with its paper's options (default: cut)")
    parser.add_argument("--output", help="a new folder for the run (default: runs/SOURCE-to-TARGET)")
    parser.add_argument("--resume", metavar="RUN", help="go on with the run in this folder, as it began")
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
    types = get_type_hints(FitConfig)
    for option in dataclasses.fields(FitConfig):
        if "help" in option.metadata:
            _add_option(parser, option, types[option.name])
    return parser


def _add_option(parser: argparse.ArgumentParser, option: dataclasses.Field[Any], kind: Any) -> None:
    name = f"--{option.name.replace('_', '-')}"
    text = option.metadata["help"]
    if kind is bool:
        parser.add_argument(name, action=argparse.BooleanOptionalAction, help=text)
        return
    if option.default not in ("", None):
        text += f" (default: {option.default})"
    simple = next(candidate for candidate in (int, float, str) if candidate in (kind, *get_args(kind)))
    parser.add_argument(name, type=simple, help=text, metavar=simple.__name__.upper())
