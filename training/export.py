"""Turns a checkpoint into a one-file filter: ``python -m training.export runs/monet -o filters/monet.onnx``."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import torch
from pleinair.common.identifiers import LONGEST_IDENTIFIER, is_identifier
from pleinair.common.suffixes import TRAINED_ON

from training.computing.precision import Precision
from training.errors import InputError
from training.filters.filter_file import InexactFilter, write_filter
from training.methods.method import Exported
from training.methods.registry import spec_of
from training.running.checkpoint import Checkpoint
from training.running.run import RunFolder


def export_filter(
    checkpoint: Checkpoint, path: Path, *, identifier: str, half: bool = False, generator: str | None = None
) -> float:
    """Writes one of the checkpoint's generators, averaged if it has an average, to ``path`` as a filter.

    ``generator`` is its name, by default that of the method's primary one; ``half`` writes float16. Returns the largest
    difference to PyTorch, and raises, as ``write_filter`` does.
    """
    spec = spec_of(checkpoint.config.method)
    name = generator or spec.primary
    exported = spec.generators[name]
    network = Precision.choose(checkpoint.config, torch.device("cpu")).prepared(exported.build(checkpoint.config))
    network.load_state_dict(dict(checkpoint.weights_of(name)))
    sample = None if exported.backwards else checkpoint.sample  # a source picture
    about = _about(checkpoint, identifier, exported)
    return write_filter(network, path, about=about, sample=sample, half=half)


def title_from(identifier: str) -> str:
    return identifier.replace("-", " ").replace("_", " ").capitalize()


def identifier_from(name: str) -> str:
    """Turns any name into a filter identifier: ``Étretat (2)`` becomes ``tretat-2``."""
    return re.sub(r"[^a-z0-9._]+", "-", name.lower()).strip("-._")[:LONGEST_IDENTIFIER] or "filter"


def domain_of(place: str) -> str:
    """Returns what the pictures at ``place`` show, judged by the name of the folder or file: ``horse`` for
    ``data/horse2zebra/trainA``."""
    path = Path(place)
    side = {"trainA": 0, "trainB": 1}.get(path.name)
    if side is None:
        return path.stem if path.suffix.lower() in TRAINED_ON else path.name
    both = path.parent.name.split("2")
    return both[side] if len(both) == 2 and all(both) else path.name


def chosen_identifier(asked: str | None, default: str, *, half: bool) -> str:
    """Returns ``asked``, or else the default, which gets ``-fp16`` if ``half``. Raises InputError for a wrong one."""
    identifier = asked or (f"{default[:59]}-fp16" if half else default)  # beside the float32 filter in one folder
    if not is_identifier(identifier):
        raise InputError(f"--identifier is {identifier!r}, but must be 1 to 64 of a-z, 0-9, dot, dash and underscore.")
    return identifier


def _about(checkpoint: Checkpoint, identifier: str, exported: Exported) -> dict[str, str]:
    """Returns what the filter says about itself; the run's title and description are for source to target only."""
    config = checkpoint.config
    domains = [config.source_domain or domain_of(config.source), config.target_domain or domain_of(config.target)]
    source, target = reversed(domains) if exported.backwards else domains
    return {
        "identifier": identifier,
        "title": title_from(identifier) if exported.backwards else config.title or title_from(identifier),
        "description": "" if exported.backwards else config.description,
        "source_domain": source,
        "target_domain": target,
        "method": config.method,
        "licence": config.licence,
        "images_seen": str(checkpoint.images_seen),
        "data_fingerprint": checkpoint.data_fingerprint,
    }


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        path, difference = _export(options)
    except (InputError, InexactFilter) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, differs from PyTorch by at most {difference:.1e}")
    return 0


def _export(options: argparse.Namespace) -> tuple[Path, float]:
    place = Path(options.checkpoint)
    checkpoint = Checkpoint.load(RunFolder(place).latest_checkpoint() if place.is_dir() else place)
    generator = _chosen_generator(options.generator, checkpoint.config.method)
    run_name = place.name if place.is_dir() else place.parent.parent.name
    default = checkpoint.config.identifier or identifier_from(run_name)
    if generator:
        default = identifier_from(f"{default}-{generator}")
    identifier = chosen_identifier(options.identifier, default, half=options.half)
    path = Path(options.output or f"{identifier}.onnx")
    return path, export_filter(checkpoint, path, identifier=identifier, half=options.half, generator=generator)


def _chosen_generator(asked: str | None, method: str) -> str | None:
    """Returns the generator, or None for the primary one. Raises InputError when the method has no such generator."""
    spec = spec_of(method)
    if asked is not None and asked not in spec.generators:
        raise InputError(f"--generator is {asked!r}, but a run of {method} has {' and '.join(spec.generators)}.")
    return None if asked == spec.primary else asked


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.export", description="Exports a filter from a run.")
    parser.add_argument("checkpoint", help="a run's folder (its latest checkpoint is taken) or one checkpoint")
    parser.add_argument("-o", "--output", help="the file to write (default: IDENTIFIER.onnx here)")
    parser.add_argument("--identifier", help="the filter's identifier (default: the run's)")
    parser.add_argument("--generator", help="which of the run's generators, where it has several (default: its first)")
    parser.add_argument("--fp16", dest="half", action="store_true", help="half precision: half the size, for GPUs")
    return parser


if __name__ == "__main__":
    sys.exit(main())
