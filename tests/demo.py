"""The main job from end to end, as ``make demo`` runs it: train, export, serve, translate.

Without folders of its own it paints procedural scenes and photographs them, so that the right answer is known: the
error to it must go down. It leaves OUTPUT/result.png: input, output and, where known, the truth, side by side.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from tests.processes import ProgramFailed, python, server_process
from training.data.pictures import UnreadablePicture, read_picture
from training.data.synthetic import make_scene, render_painting, render_photo, write_folders

PICTURE_SIZE = (1024, 768)
SCENE_SEED = 2024  # of the picture that is translated; it is in no training folder
# A small FastCUT that two processor cores train in about two minutes.
TRAINING = {
    "width": 16,
    "blocks": 4,
    "discriminator-width": 32,
    "load-size": 192,
    "crop-size": 128,
    "patches": 128,
    "nce-weight": 2,
    "preview-every": 100,
}


@dataclass
class Stages:
    """Seconds that each stage took, in order."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        print(f"== {name}", flush=True)
        start = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - start

    def line(self) -> str:
        return ", ".join(f"{name} {seconds:.1f} s" for name, seconds in self.seconds.items())


def main(arguments: list[str] | None = None) -> int:
    """Returns 0 when the picture is there and, where the truth is known, nearer to it than the input was."""
    options = _parser().parse_args(arguments)
    if bool(options.source) != bool(options.target):
        print("error: Name both folders, SOURCE and TARGET, or neither.", file=sys.stderr)
        return 2
    try:
        return _run(options, options.output)
    except ProgramFailed as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _run(options: argparse.Namespace, output: Path) -> int:
    _clear(output)
    stages = Stages()
    with stages.stage("scenes"):
        source, target, truth = _own(options, output) if options.source else _scenes(output)
    with stages.stage("training"):
        _train(source, target, output, options.images, ["painting", "photo"] if truth else [source.name, target.name])
        (output / "filters").mkdir()
        shutil.copy(output / "run" / "filter.onnx", output / "filters" / "demo.onnx")
    with ExitStack() as until_the_end:
        with stages.stage("server start"):
            address = until_the_end.enter_context(server_process(output / "filters"))
        with stages.stage("listing"):
            python("server.translate", "--list", "--address", address)
        with stages.stage("translating"):
            files = [str(output / "input.png"), "-o", str(output / "output.png")]
            python("server.translate", *files, "--filter", "demo", "--address", address)
    return _conclude(output, truth, stages)


def _clear(output: Path) -> None:
    """Removes what an earlier demo left, and nothing else."""
    for name in ("data", "run", "filters"):
        shutil.rmtree(output / name, ignore_errors=True)
    for name in ("input.png", "output.png", "result.png"):
        (output / name).unlink(missing_ok=True)


def _scenes(output: Path) -> tuple[Path, Path, Image.Image | None]:
    write_folders(output / "data", pictures=60, size=TRAINING["load-size"], seed=0)
    rng = np.random.default_rng(SCENE_SEED)
    scene = make_scene(rng, PICTURE_SIZE[1], PICTURE_SIZE[0])
    Image.fromarray(render_painting(scene, rng)).save(output / "input.png")
    return output / "data" / "trainA", output / "data" / "trainB", Image.fromarray(render_photo(scene, rng))


def _own(options: argparse.Namespace, output: Path) -> tuple[Path, Path, Image.Image | None]:
    """The user's folders; the first source picture that opens is the one to translate."""
    output.mkdir(parents=True, exist_ok=True)
    for file in sorted(path for path in Path(options.source).rglob("*") if path.is_file()):
        try:
            picture = read_picture(file)
        except UnreadablePicture:
            continue
        picture.thumbnail(PICTURE_SIZE, Image.Resampling.LANCZOS)
        picture.save(output / "input.png")
        return Path(options.source), Path(options.target), None
    raise SystemExit(f"error: There is no picture in {options.source}; SOURCE and TARGET are folders of pictures.")


def _train(source: Path, target: Path, output: Path, images: int, domains: list[str]) -> None:
    options = [text for name, value in TRAINING.items() for text in (f"--{name}", str(value))]
    folders = ["--source", str(source), "--target", str(target), "--output", str(output / "run")]
    names = ["--identifier", "demo", "--source-domain", domains[0], "--target-domain", domains[1]]
    python("training.fit", "--preset", "fastcut", *folders, *names, *options, "--images", str(images))


def _conclude(output: Path, truth: Image.Image | None, stages: Stages) -> int:
    pictures = [Image.open(output / name).convert("RGB") for name in ("input.png", "output.png")]
    _side_by_side([*pictures, *([truth] if truth else [])]).save(output / "result.png")
    print(f"{output / 'result.png'}: {stages.line()}")
    if truth is None:
        return 0
    before, after = (_mean_error(picture, truth) for picture in pictures)
    print(f"mean error to the ground truth (of 255): {before:.1f} before, {after:.1f} after translation")
    return 0 if after < before else 1


def _mean_error(picture: Image.Image, truth: Image.Image) -> float:
    return float(np.abs(np.asarray(picture, dtype=float) - np.asarray(truth)).mean())


def _side_by_side(pictures: list[Image.Image]) -> Image.Image:
    sheet = Image.new("RGB", (sum(picture.width for picture in pictures), max(picture.height for picture in pictures)))
    left = 0
    for picture in pictures:
        sheet.paste(picture, (left, 0))
        left += picture.width
    return sheet


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.demo", description="Train, export, serve and translate.")
    parser.add_argument("--output", type=Path, default=Path("demo"), help="folder for the results (default: demo)")
    parser.add_argument("--source", help="your own folder of pictures to translate from")
    parser.add_argument("--target", help="your own folder of pictures to translate to")
    parser.add_argument("--images", type=int, default=700, help="length of the training (default: 700)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
