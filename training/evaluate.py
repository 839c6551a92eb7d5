"""Measures how far translated pictures are from real ones.

python -m training.evaluate --real photos/ --generated translated/
python -m training.evaluate --real photos/ --filter monet.onnx --source paintings/ --metrics swd,structure
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pleinair.common.files import write_whole

from training.computing.device import choose_device
from training.errors import InputError
from training.filters.apply import Filter, translate_folder
from training.metrics import gradient_correlation, inception, patch_sliced_wasserstein
from training.metrics.picture_files import PictureFiles, read_pixels

METRICS = ("swd", "fid", "kid", "structure")


@dataclass(frozen=True)
class Figures:
    """One metric, for people and for programs."""

    text: str
    values: dict[str, Any]


@dataclass
class Report:
    """What was compared, the figures, and what a reader of them must know."""

    compared: dict[str, dict[str, Any]] = field(default_factory=dict)
    metrics: dict[str, Figures] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        for name, side in self.compared.items():
            yield f"{name:<10} {_count(side['pictures'], 'picture')}, {side['sizes']}, from {side['from']}"
        for name, figures in self.metrics.items():
            yield f"{name:<10} {figures.text}"


def main(arguments: list[str] | None = None) -> int:
    """Returns 0, or 2 for bad input."""
    options = _parser().parse_args(arguments)
    try:
        report = _evaluate(options)
        if options.json:
            _write_json(Path(options.json), report)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for warning in report.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print("\n".join(report.lines()))
    return 0


def _evaluate(options: argparse.Namespace) -> Report:
    metrics = _metrics(options)
    device = choose_device(options.device)
    filter_ = Filter(Path(options.filter)) if options.filter else None
    # Before anything is translated, which may take long.
    network = inception.load_inception(Path(options.inception_weights), device) if _need_inception(metrics) else None
    report = Report()
    real = _pictures(Path(options.real), "real", report)
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(options.generated or temporary)
        if filter_:
            _translate(filter_, options, place, metrics, report)
        generated = _pictures(place, "generated", report)
        if filter_:
            report.compared["generated"]["from"] = f"{options.source} by {Path(options.filter).name}"
        _warn_of_sizes(real, generated, report)
        if "swd" in metrics:
            _add_swd(real, generated, options.seed, device, report)
        if network:
            weights = Path(options.inception_weights)
            _add_inception(real, generated, network, device, options.seed, metrics, weights, report)
    return report


def _metrics(options: argparse.Namespace) -> list[str]:
    """Checks the options that depend on each other."""
    asked = options.metrics or ("swd,structure" if options.filter else "swd")
    metrics = [name.strip() for name in asked.split(",") if name.strip()]
    if not metrics or not set(metrics) <= set(METRICS):
        raise InputError(f"--metrics is {asked!r}, but must be some of {', '.join(METRICS)} with commas between them.")
    if not options.generated and not options.filter:
        raise InputError("There is nothing to measure; name translated pictures by --generated, or a --filter.")
    if bool(options.filter) != bool(options.source):
        raise InputError("--filter and --source go together: the filter translates the pictures in the source folder.")
    if "structure" in metrics and not options.filter:
        raise InputError("The metric structure compares translations with their sources; name --filter and --source.")
    if _need_inception(metrics) and not options.inception_weights:
        raise InputError("FID and KID need --inception-weights FILE; name pt_inception-2015-12-05-6726825d.pth.")
    return metrics


def _need_inception(metrics: list[str]) -> bool:
    return not {"fid", "kid"}.isdisjoint(metrics)


def _pictures(path: Path, name: str, report: Report) -> PictureFiles:
    pictures = PictureFiles(path)
    report.warnings += [f"skipped {line}" for line in pictures.skipped]
    report.compared[name] = {"pictures": len(pictures), "sizes": _sizes(pictures), "from": str(path)}
    return pictures


def _sizes(pictures: PictureFiles) -> str:
    sizes = Counter(pictures.sizes)
    (width, height), _ = sizes.most_common(1)[0]
    return f"{width}x{height}" + (f" and {_count(len(sizes) - 1, 'other size')}" if len(sizes) > 1 else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _translate(filter_: Filter, options: argparse.Namespace, place: Path, metrics: list[str], report: Report) -> None:
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise InputError(f"{place} is to take the translations, but is not an empty folder; name a new one.")
    source = PictureFiles(Path(options.source))
    report.warnings += [f"skipped {line}" for line in source.skipped]
    agreement = []
    failed = []
    for index, done in translate_folder(filter_, source, place):
        if isinstance(done, str):
            failed.append(done)
        elif "structure" in metrics and min(source.sizes[index]) >= 3:
            agreement.append(gradient_correlation(source[index], read_pixels(done)))
    report.warnings += [f"skipped {line}" for line in failed]
    if len(failed) == len(source):
        raise InputError(f"{options.filter} translates none of the pictures in {options.source} ({failed[0]}).")
    if agreement:
        mean = float(np.mean(agreement))
        text = f"{mean:.3f}  correlation of gradients with the source, -1 to 1"
        report.metrics["structure"] = Figures(text, {"mean": mean})


def _warn_of_sizes(real: PictureFiles, generated: PictureFiles, report: Report) -> None:
    if set(real.sizes) != set(generated.sizes):
        report.warnings.append(
            "the real and the generated pictures have different sizes, so that the same thing shows at different "
            "scales; compare figures only with others from these sizes"
        )


def _add_swd(real: PictureFiles, generated: PictureFiles, seed: int, device: torch.device, report: Report) -> None:
    try:
        distance = patch_sliced_wasserstein(real, generated, seed=seed, device=device)
    except ValueError as error:
        raise InputError(f"swd cannot be measured: {error}; leave out swd or the small pictures.") from None
    levels = ", ".join(f"{level:.1f}" for level in distance.levels)
    text = f"{distance.mean:.1f}  patch distance in thousandths of a deviation; fine to coarse {levels}"
    values = {"mean": distance.mean, "levels": distance.levels, "seed": seed}
    report.metrics["swd"] = Figures(text, values)


def _add_inception(
    real: PictureFiles,
    generated: PictureFiles,
    network: torch.nn.Module,
    device: torch.device,
    seed: int,
    metrics: list[str],
    weights: Path,
    report: Report,
) -> None:
    counts = len(real), len(generated)
    if min(counts) < 2:
        raise InputError("FID and KID need at least two pictures on each side; measure single pictures by swd.")
    if not inception.are_published(weights):
        report.warnings.append(f"{weights} are not the published weights of FID: compare with no published figure")
    sides = [inception.features(side, network, device) for side in (real, generated)]
    if "fid" in metrics:
        fid = inception.frechet_distance(*sides)
        values = {"value": fid, "resize": inception.RESIZE}
        report.metrics["fid"] = Figures(f"{fid:.2f}  {inception.RESIZE}", values)
        if min(counts) < inception.FEWEST_FOR_FID:
            report.warnings.append(
                f"FID of fewer than {inception.FEWEST_FOR_FID} pictures a side ({counts[0]} and {counts[1]} here) is "
                "biased upwards; compare it only with FIDs of as many pictures, or use kid"
            )
    if "kid" in metrics:
        mean, deviation = inception.kernel_distance(*sides, seed=seed)
        size = inception.subset_size(*counts)
        text = f"{mean:.5f} +- {deviation:.5f} over subsets of {size}; {inception.RESIZE}"
        figures = {"mean": mean, "deviation": deviation, "subset_size": size, "resize": inception.RESIZE, "seed": seed}
        report.metrics["kid"] = Figures(text, figures)


def _write_json(path: Path, report: Report) -> None:
    metrics = {name: figures.values for name, figures in report.metrics.items()}
    contents = {"compared": report.compared, "metrics": metrics, "warnings": report.warnings}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, (json.dumps(contents, indent=2, ensure_ascii=False) + "\n").encode())
    except OSError as error:
        raise InputError(f"The figures cannot be written to {path} ({error.strerror}); choose another place.") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate", description="Measures how far translated pictures are from real ones."
    )
    parser.add_argument("--real", required=True, metavar="DIR", help="real pictures of the target domain")
    parser.add_argument(
        "--generated", metavar="DIR", help="translated pictures; beside --filter, a new folder for them"
    )
    parser.add_argument("--filter", metavar="FILE", help="an ONNX filter that makes the translations, from --source")
    parser.add_argument("--source", metavar="DIR", help="the pictures that the filter translates")
    parser.add_argument("--metrics", help="some of swd,fid,kid,structure (default: swd, with a filter structure too)")
    parser.add_argument("--inception-weights", metavar="FILE", help="for fid and kid; nothing is downloaded")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    parser.add_argument("--seed", type=int, default=0, help="of patches, directions and subsets (default: 0)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps (default: auto)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
