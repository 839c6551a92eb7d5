"""Turns a generator that was trained by the published code of CUT or CycleGAN into a filter.

python -m training.convert checkpoints/horse2zebra_cut/latest_net_G.pth -o filters/horse2zebra.onnx
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import ImageOps
from torch import Tensor

from training.data.batches import to_network
from training.data.pictures import UnreadablePicture, read_picture
from training.errors import InputError
from training.export import chosen_identifier, identifier_from, title_from
from training.filters.filter_file import InexactFilter, write_filter
from training.filters.published import read_published

SAMPLE_SIZE = (256, 256)
_DATA_SET = re.compile(r"(?:^|[_-])([a-z]+)2([a-z]+)(?:[_-]|$)")
_OTHER_WAY = re.compile(r"G_?(?:B|BA|B2A|BtoA)(?:\.|$)")  # CycleGAN's second generator, by the names that it has
# What the published code calls the generator's file, whatever it was trained on; only the folder's name tells that.
_NAMELESS = re.compile(r"(?:latest|\d+)_net_G(_[AB])?")


def main(arguments: list[str] | None = None) -> int:
    """Converts the generator. Returns 0 when the filter is written, 2 for bad input."""
    try:
        path, difference = _convert(_parser().parse_args(arguments))
    except (InputError, InexactFilter) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, differs from PyTorch by at most {difference:.1e}")
    return 0


def default_identifier(path: Path, part: str = "") -> str:
    """Returns an identifier from the file's name, or the folder's for one like the usual ``latest_net_G_A.pth``; with
    the name of a chosen part of it."""
    nameless = _NAMELESS.fullmatch(path.stem)
    name = path.resolve().parent.name + (nameless[1] or "") if nameless else path.stem
    return identifier_from(f"{name}_{part}" if part else name)


def default_domains(path: Path, part: str = "") -> tuple[str, str]:
    """Returns source and target domain from a data set's name such as ``horse2zebra``, or two empty texts without one.

    The name is looked for in train_opt.txt beside the file, then in the file's or folder's name.
    """
    options = _train_options(path.with_name("train_opt.txt"))
    dataroot = re.split(r"[/\\\\]+", options.get("dataroot", "").rstrip("/\\"))[-1]
    found = _DATA_SET.search(dataroot) or _DATA_SET.search(default_identifier(path))
    if not found:
        return "", ""
    other_way = path.stem.endswith("net_G_B") or bool(_OTHER_WAY.search(part))
    backwards = (options.get("direction") == "BtoA") != other_way
    return (found[2], found[1]) if backwards else (found[1], found[2])


def _train_options(path: Path) -> dict[str, str]:
    """Reads the options that the published code saves beside its weights, like ``direction: BtoA  [default: AtoB]``."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    found = (re.match(r"\s*(\w+): (.*?)\s*(?:\[default: .*\])?\s*$", line) for line in text.splitlines())
    return {match[1]: match[2] for match in found if match}


def _convert(options: argparse.Namespace) -> tuple[Path, float]:
    file = Path(options.file)
    default = default_identifier(file, options.part)
    identifier = chosen_identifier(options.identifier, default, half=options.half)
    sample = _sample(Path(options.sample)) if options.sample else None
    published = read_published(file, part=options.part)
    source, target = default_domains(file, options.part)
    about = {
        "identifier": identifier,
        "title": options.title or title_from(identifier),
        "description": options.description,
        "source_domain": source if options.source_domain is None else options.source_domain,
        "target_domain": target if options.target_domain is None else options.target_domain,
        "method": published.method,
        "licence": options.licence,
    }
    path = Path(options.output or f"{identifier}.onnx")
    return path, write_filter(published.generator, path, about=about, sample=sample, half=options.half)


def _sample(path: Path) -> Tensor:
    """Returns the middle of the picture, (1, 3, 256, 256) in [-1, 1]. Raises InputError when it cannot be read."""
    try:
        picture = ImageOps.fit(read_picture(path), SAMPLE_SIZE)
    except UnreadablePicture as reason:
        raise InputError(f"--sample {path} cannot be read; name another picture. {reason}") from None
    return to_network(torch.from_numpy(np.array(picture))[None])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.convert",
        description="Converts a generator of the published CUT, FastCUT, SinCUT or CycleGAN code into a filter.",
    )
    parser.add_argument("file", help="a file with the generator's weights, for example latest_net_G.pth")
    parser.add_argument(
        "--part", metavar="NAME", default="", help="which generator, in a checkpoint that holds several"
    )
    parser.add_argument("-o", "--output", help="the file to write (default: IDENTIFIER.onnx here)")
    parser.add_argument("--identifier", help="the filter's identifier (default: from the file's or folder's name)")
    parser.add_argument("--title", default="", help="the filter's title in menus (default: from the identifier)")
    parser.add_argument("--description", default="", help="a sentence about the filter")
    parser.add_argument("--source-domain", help="what it turns (default: horse for a data set called horse2zebra)")
    parser.add_argument("--target-domain", help="into what (default: likewise)")
    parser.add_argument("--licence", default="", help="the filter's licence, for example CC-BY-4.0")
    parser.add_argument("--sample", metavar="PICTURE", help="a source picture, for the filter's thumbnail")
    parser.add_argument("--fp16", dest="half", action="store_true", help="half precision: half the size, for GPUs")
    return parser


if __name__ == "__main__":
    sys.exit(main())
