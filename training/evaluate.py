"""Measures how far translated pictures are from real ones.

python -m training.evaluate --real photos/ --generated translated/
python -m training.evaluate --real photos/ --filter monet.onnx --source paintings/ --metrics swd,structure
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

from training.computing.device import choose_device
from training.errors import InputError
from training.filters.apply import Filter, translate_folder
from training.metrics import gradient_correlation, inception
from training.metrics.comparison import Comparison
from training.metrics.picture_files import PictureFiles, read_pixels
from training.metrics.report import Figures, Report

METRICS = ("swd", "fid", "kid", "structure")


def main(arguments: list[str] | None = None) -> int:
    """Prints how far translated and real pictures are apart. Returns 0, or 2 for bad input."""
    options = _parser().parse_args(arguments)
    try:
        report = _evaluate(options)
        if options.json:
            report.write_json(Path(options.json))
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
    # Loaded before anything is translated, which may take long.
    network = inception.load_inception(Path(options.inception_weights), device) if _need_inception(metrics) else None
    report = Report()
    real = PictureFiles(Path(options.real))
    report.add_side("real", real, str(real.path))
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(options.generated or temporary)
        if filter_:
            _translate(filter_, options, place, metrics, report)
        generated = PictureFiles(place)
        by = f"{options.source} by {Path(options.filter).name}" if filter_ else str(place)
        report.add_side("generated", generated, by)
        comparison = Comparison(real, generated, options.seed, device, report)
        comparison.warn_of_sizes()
        if "swd" in metrics:
            comparison.add_swd()
        if network:
            comparison.add_inception(network, Path(options.inception_weights), metrics)
    return report


def _metrics(options: argparse.Namespace) -> list[str]:
    """Returns the metrics that are asked for. Raises InputError for options that do not go together."""
    asked = options.metrics or ("swd,structure" if options.filter else "swd")
    metrics = [name.strip() for name in asked.split(",") if name.strip()]
    if not metrics or not set(metrics) <= set(METRICS):
        raise InputError(
            f"--metrics is {asked!r}, but must be one or more of {', '.join(METRICS)}, separated by commas."
        )
    if not options.generated and not options.filter:
        raise InputError(
            "There is nothing to measure; name translated pictures with --generated, or a filter with --filter."
        )
    if bool(options.filter) != bool(options.source):
        raise InputError("--filter and --source go together: the filter translates the pictures in the source folder.")
    if "structure" in metrics and not options.filter:
        raise InputError("The metric structure compares translations with their sources; name --filter and --source.")
    if _need_inception(metrics) and not options.inception_weights:
        raise InputError("FID and KID need --inception-weights FILE; name pt_inception-2015-12-05-6726825d.pth.")
    return metrics


def _need_inception(metrics: list[str]) -> bool:
    return not {"fid", "kid"}.isdisjoint(metrics)


def _translate(filter_: Filter, options: argparse.Namespace, place: Path, metrics: list[str], report: Report) -> None:
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise InputError(f"The translations would go to {place}, which is not an empty folder; name a new one.")
    source = PictureFiles(Path(options.source))
    report.add_skipped(source.skipped)
    agreement = []
    failed = []
    for index, done in translate_folder(filter_, source, place):
        if isinstance(done, str):
            failed.append(done)
        elif "structure" in metrics and min(source.sizes[index]) >= 3:
            agreement.append(gradient_correlation(source[index], read_pixels(done)))
    report.add_skipped(failed)
    if len(failed) == len(source):
        raise InputError(f"{options.filter} cannot translate any of the pictures in {options.source} ({failed[0]}).")
    if agreement:
        mean = float(np.mean(agreement))
        text = f"{mean:.3f}  correlation of gradients with the source, -1 to 1"
        report.metrics["structure"] = Figures(text, {"mean": mean})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate", description="Measures how far translated pictures are from real ones."
    )
    parser.add_argument("--real", required=True, metavar="DIR", help="real pictures of the target domain")
    parser.add_argument(
        "--generated", metavar="DIR", help="translated pictures; with --filter, a new folder to write them to"
    )
    parser.add_argument("--filter", metavar="FILE", help="an ONNX filter that makes the translations, from --source")
    parser.add_argument("--source", metavar="DIR", help="the pictures that the filter translates")
    parser.add_argument(
        "--metrics", help="one or more of swd,fid,kid,structure (default: swd, with --filter also structure)"
    )
    parser.add_argument("--inception-weights", metavar="FILE", help="for fid and kid; nothing is downloaded")
    parser.add_argument("--json", metavar="FILE", help="also write the figures to this file")
    parser.add_argument("--seed", type=int, default=0, help="for drawing patches, directions and subsets (default: 0)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps (default: auto)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
