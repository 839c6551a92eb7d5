"""How a painting becomes a photo over training time, measured on a real run.

python -m tests.benchmarks.painting_to_photo --preset sincut-quick --source painting.jpg --target photo.jpg --output DIR
python -m tests.benchmarks.painting_to_photo --draw DIR OTHER --output BOTH

The first trains by training.fit in a child process, keeps every checkpoint, and then translates the whole painting by
each one's filter. The second draws runs that were measured before into one plot and one table.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image
from pleinair.common.run_layout import RunLayout, images_seen_at

from tests.benchmarks.core_seconds import core_seconds
from tests.benchmarks.quality_plot import Curve, draw
from training.data.pictures import read_picture
from training.export import export_filter
from training.filters.apply import Filter
from training.methods.registry import presets
from training.metrics import gradient_correlation, patch_sliced_wasserstein
from training.running.checkpoint import Checkpoint

MEASURES = "measures.json"
POLL = 0.2  # seconds between looks into the run's folder


@dataclass(frozen=True)
class Measure:
    """The whole painting's translation after ``images`` patches seen."""

    images: int
    seconds: float  # on the clock since training.fit was started
    cpu_seconds: float | None  # of all its threads together; None where the system does not tell
    swd: float = 0.0  # patch distance from the translation to the photo
    structure: float = 0.0  # gradient correlation of the translation with the painting


@dataclass(frozen=True)
class Measured:
    """One run. ``own_swd`` is the painting's own distance to the photo, which a run has to get below."""

    label: str
    own_swd: float
    measures: list[Measure]

    @classmethod
    def read(cls, folder: Path) -> Measured:
        values = json.loads((folder / MEASURES).read_text(encoding="utf-8"))
        return cls(values["label"], values["own_swd"], [Measure(**measure) for measure in values["measures"]])


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    output = Path(options.output)
    output.mkdir(parents=True, exist_ok=True)
    if options.draw:
        runs = [Measured.read(Path(folder)) for folder in options.draw]
    else:
        runs = [_score(_train(options, output), options, output)]
        (output / MEASURES).write_text(json.dumps(asdict(runs[0]), indent=2) + "\n", encoding="utf-8")
    (output / "table.md").write_text(table(runs), encoding="utf-8")
    (output / "plot.svg").write_text(draw(_curves(runs)), encoding="utf-8")
    print(table(runs), end="")
    return 0


def _train(options: argparse.Namespace, output: Path) -> list[tuple[Measure, Path]]:
    """Trains in ``output``/run and keeps all checkpoints, of which the run itself drops all but two."""
    images = options.images or presets()[options.preset]["images"]
    run, kept = output / "run", output / "kept"
    kept.mkdir()
    command = [sys.executable, "-m", "training.fit", "--preset", options.preset, "--output", str(run)]
    pictures = ["--source", options.source, "--target", options.target]
    lengths = ["--images", str(images), "--checkpoint-every", str(max(1, images // options.points))]
    start = time.monotonic()
    # Threads that wait sleep instead of spinning: core seconds are then work, also beside other programs.
    environment = {"OMP_WAIT_POLICY": "PASSIVE", **os.environ}
    child = subprocess.Popen([*command, *pictures, *lengths, *options.fit], env=environment)
    found: dict[str, tuple[Measure, Path]] = {}
    ended = False
    while not ended:
        time.sleep(POLL)
        ended = child.poll() is not None  # before the look, so that the last checkpoint is not missed
        spent = time.monotonic() - start, core_seconds(child.pid) or _last_cpu(found)
        for checkpoint in RunLayout(run).checkpoints():
            if checkpoint.name not in found:
                link = kept / checkpoint.name
                os.link(checkpoint, link)
                seen = images_seen_at(checkpoint)
                found[checkpoint.name] = Measure(seen, *spent), link
    if child.returncode:
        raise SystemExit(f"error: training.fit ended with {child.returncode}; what it said is above.")
    return list(found.values())


def _last_cpu(found: dict[str, tuple[Measure, Path]]) -> float | None:
    return max((measure.cpu_seconds or 0 for measure, _ in found.values()), default=0) or None


def _score(checkpoints: list[tuple[Measure, Path]], options: argparse.Namespace, output: Path) -> Measured:
    """Translates the painting by each checkpoint's exported filter, leaves the pictures to look at, and measures."""
    painting, photo = (np.asarray(read_picture(Path(path))) for path in (options.source, options.target))
    own = patch_sliced_wasserstein([photo], [painting]).mean
    measures = []
    for measure, path in checkpoints:
        filter_ = path.with_suffix(".onnx")
        export_filter(Checkpoint.load(path), filter_, identifier="measured")
        translated = Filter(filter_).translate(painting)
        Image.fromarray(translated).save(output / f"{path.stem}.png")
        swd = patch_sliced_wasserstein([photo], [translated]).mean
        measures.append(replace(measure, swd=swd, structure=gradient_correlation(painting, translated)))
    return Measured(options.label or options.preset, own, measures)


def table(runs: list[Measured]) -> str:
    """Markdown: a row for each checkpoint, after one for the painting itself."""
    lines = [
        "| run | patches seen | core seconds | distance to the photo | structure kept |",
        "| --- | --- | --- | --- | --- |",
        f"| the painting itself | | | {runs[0].own_swd:.0f} | 1.00 |",
    ]
    for run in runs:
        for at in run.measures:
            cpu = "" if at.cpu_seconds is None else f"{at.cpu_seconds:.0f}"
            lines.append(f"| `{run.label}` | {at.images:,} | {cpu} | {at.swd:.0f} | {at.structure:.2f} |")
    return "\n".join(lines) + "\n"


def _curves(runs: list[Measured]) -> list[Curve]:
    """Over core seconds, which other programs on the machine hardly change; over the clock's where there are none."""
    return [
        Curve(
            run.label,
            run.own_swd,
            [at.cpu_seconds or at.seconds for at in run.measures],
            [at.swd for at in run.measures],
            [at.structure for at in run.measures],
        )
        for run in runs
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.painting_to_photo",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--preset", choices=presets(), default="sincut-quick", help="(default: sincut-quick)")
    parser.add_argument("--source", help="the painting")
    parser.add_argument("--target", help="the photo")
    parser.add_argument("--images", type=int, help="length in patches seen (default: the preset's)")
    parser.add_argument("--points", type=int, default=6, help="how many checkpoints are measured (default: 6)")
    parser.add_argument("--label", help="the run's name in table and plot (default: the preset's)")
    parser.add_argument("--draw", nargs="+", metavar="DIR", help="draw runs that were measured into these folders")
    parser.add_argument("--output", required=True, help="a new folder for run, pictures, figures, table and plot")
    parser.add_argument("fit", nargs="*", help="after --, more options for training.fit")
    return parser


if __name__ == "__main__":
    sys.exit(main())
