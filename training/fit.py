"""Trains a filter.

python -m training.fit --preset fastcut --source photos/ --target paintings/ --output runs/monet
python -m training.fit --resume runs/monet
"""

from __future__ import annotations

import argparse
import dataclasses
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, get_args, get_type_hints

import torch

from training.checkpoint import Checkpoint
from training.config import PRESETS, FitConfig
from training.data.batches import UnpairedBatches
from training.data.domains import choose_cache, read_domains
from training.data.folders import fingerprint
from training.data.prefetch import PrefetchedBatches
from training.device import choose_device
from training.dry_run import dry_run
from training.errors import InputError
from training.export import export_filter, identifier_from
from training.loop import Training
from training.methods import METHODS
from training.run import RunFolder
from training.schedule import Length

INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Returns 0 when the filter is there, 130 when interrupted with a checkpoint saved, 2 for bad input."""
    options = vars(_parser().parse_args(arguments))
    try:
        return _fit(options)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        print(
            f"error: A file of the run{where} cannot be written ({error.strerror}); make room and use --resume.",
            file=sys.stderr,
        )
    return 2


def _fit(options: dict[str, Any]) -> int:
    device = choose_device(options.pop("device", "auto"))
    resumed, output = options.pop("resume", None), options.pop("output", None)
    cache = choose_cache(options.pop("cache", None))
    dry = options.pop("dry_run", False)
    if dry and resumed:
        raise InputError("--dry-run looks at the pictures of a new run; leave out --resume.")
    checkpoint = _checkpoint(resumed, output, options) if resumed else None
    config = checkpoint.config if checkpoint else _config(options)
    if dry:
        return dry_run(config, cache, output)
    if not resumed and output is None:
        raise InputError("There is no --output; name a new folder for the run, for example --output runs/first.")

    batches = read_domains(config, device, cache)
    run = RunFolder(Path(resumed)) if resumed else RunFolder.create(Path(output), config)
    training = _training(config, batches, run, device)
    images_seen = _restore(training, checkpoint) if checkpoint else 0
    print(f"Training {config.method} on {device} for {training.length.images} images into {run.path}", flush=True)
    images_seen = training.train(images_seen, _stop_on_signal())
    if images_seen < training.length.images:
        print(f"Stopped after {images_seen} images; go on with: python -m training.fit --resume {run.path}")
        return INTERRUPTED
    _export(run)
    return 0


def _checkpoint(resumed: str, output: str | None, options: dict[str, Any]) -> Checkpoint:
    others = [*options, *(["output"] if output else [])]
    if others:
        named = ", ".join(f"--{name.replace('_', '-')}" for name in others)
        raise InputError(f"--resume goes on with the options that the run has; leave out {named}.")
    return Checkpoint.load(RunFolder(Path(resumed)).latest_checkpoint())


def _config(options: dict[str, Any]) -> FitConfig:
    dataroot = options.pop("dataroot", None)
    if dataroot is not None:
        options = {"source": Path(dataroot) / "trainA", "target": Path(dataroot) / "trainB", **options}
    for name in ("source", "target"):
        if name not in options:
            raise InputError(f"There is no --{name}; name a folder of pictures, or both folders by --dataroot.")
        options[name] = str(Path(options[name]).resolve())
    if {"images", "epochs"} <= options.keys():
        raise InputError("--images and --epochs both say how long to train; give one of them.")
    return FitConfig(**{**PRESETS[options.pop("preset", "cut")], **options})


def _training(config: FitConfig, batches: UnpairedBatches, run: RunFolder, device: torch.device) -> Training:
    torch.manual_seed(config.seed)
    length = Length.of(
        epochs=config.epochs,
        images=config.images,
        epoch_images=batches.epoch_images,
        decay_share=config.decay_share,
    )
    return Training(
        method=METHODS[config.method](config, device),
        config=config,
        batches=PrefetchedBatches(batches, device, stride=config.batch),
        data_fingerprint=fingerprint(batches.source, batches.target),
        length=length,
        run=run,
        device=device,
    )


def _restore(training: Training, checkpoint: Checkpoint) -> int:
    if checkpoint.data_fingerprint != training.data_fingerprint:
        print("warning: the pictures are not those that the run began with", file=sys.stderr)
    checkpoint.restore(training.method)
    return checkpoint.images_seen


def _export(run: RunFolder) -> None:
    checkpoint = Checkpoint.load(run.latest_checkpoint())
    identifier = checkpoint.config.identifier or identifier_from(run.path.resolve().name)
    difference = export_filter(checkpoint, run.filter, identifier=identifier)
    print(f"Filter {identifier!r} is in {run.filter}; it differs from PyTorch by at most {difference:.1e}")


def _stop_on_signal() -> Callable[[], bool]:
    """Ctrl-C and SIGTERM end training after the current step, with a checkpoint; a second one ends it at once."""
    stopped = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True
        signal.signal(number, signal.default_int_handler)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    return lambda: stopped


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.fit",
        description="Trains a filter from two sets of pictures and exports it.",
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument("--preset", choices=PRESETS, help="the method with its paper's options (default: cut)")
    parser.add_argument("--output", help="a new folder for the run")
    parser.add_argument("--resume", metavar="RUN", help="go on with the run in this folder, with its own options")
    parser.add_argument("--dataroot", help="a folder with trainA (source) and trainB (target)")
    parser.add_argument(
        "--dry-run", action="store_true", help="read the pictures, write a sheet of what the networks see, do not train"
    )
    parser.add_argument(
        "--cache",
        metavar="DIR",
        help="folder for decoded pictures, or none (default: the platform's, for 16 MB of pictures and more)",
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


if __name__ == "__main__":
    sys.exit(main())
