"""Painting to photo from end to end, as ``make demo-painting`` runs it: a server trains on one painting and one photo,
and translates the painting with the filter that comes of it.

Without a pair of its own it takes real pictures where there are some, else it paints a procedural landscape and
photographs another. It leaves OUTPUT/painting.png, previews/, result.png, and sheet.png with all of them to look at,
and says how far the painting was from the photo before and after.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from server.client.trainings import TrainingClient, TrainingError
from tests.demo import PICTURE_SIZE, SCENE_SEED, Stages
from tests.processes import ProgramFailed, python, serving
from training.data.pictures import UnreadablePicture, read_picture
from training.data.synthetic import make_scene, render_painting, render_photo
from training.metrics import gradient_correlation, patch_sliced_wasserstein

REAL_DATA = Path(__file__).parents[2] / "shared/data"
IMAGES = 6000  # about eight minutes on two processor cores
COLUMNS = 4
THUMBNAIL = (480, 400)
CAPTION = 20


def main(arguments: list[str] | None = None) -> int:
    """Returns 0 when the pictures are there."""
    options = _parser().parse_args(arguments)
    if bool(options.source) != bool(options.target):
        print("error: Name both pictures, SOURCE and TARGET, or none for the demo's own.", file=sys.stderr)
        return 2
    try:
        return _demo(options, options.output)
    except (ProgramFailed, TrainingError, UnreadablePicture, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _demo(options: argparse.Namespace, output: Path) -> int:
    stages = Stages()
    with stages.stage("pictures"):
        _clear(output)
        _write_pair(options, output)
    painting, photo, result = (output / f"{name}.png" for name in ("painting", "photo", "result"))
    with ExitStack() as until_the_end:
        with stages.stage("server start"):
            server = until_the_end.enter_context(serving(output / "filters", "--training", "on"))
        at = ["--address", server.address]
        with stages.stage("training"):
            trainer = [
                text for option in [f"images={options.images}", *options.option] for text in ("--option", option)
            ]
            names = ["--title", "Demo painting", "--previews", str(output / "previews")]
            python("server.train", str(painting), str(photo), *names, *trainer, *at)
        with stages.stage("translating"):
            with TrainingClient(server.address) as client:
                (job,) = client.trainings()
            python("server.translate", str(painting), "-o", str(result), "--filter", job.filter_id, *at)
    _contact_sheet([painting, *sorted((output / "previews").iterdir()), result, photo]).save(output / "sheet.png")
    print(f"{output / 'sheet.png'}: {stages.line()}")
    _compare(painting, photo, result)
    return 0


def _clear(output: Path) -> None:
    """Removes what an earlier demo left, and nothing else."""
    for name in ("filters", "previews"):
        shutil.rmtree(output / name, ignore_errors=True)
    for name in ("painting.png", "photo.png", "result.png", "sheet.png"):
        (output / name).unlink(missing_ok=True)
    (output / "filters").mkdir(parents=True)


def _write_pair(options: argparse.Namespace, output: Path) -> None:
    real = Path(os.environ.get("PLEINAIR_REAL_DATA") or REAL_DATA) / "monet_etretat"
    if options.source:
        pair = [read_picture(Path(path)) for path in (options.source, options.target)]
    elif real.is_dir():
        pair = [read_picture(next((real / side).iterdir())) for side in ("trainA", "trainB")]
    else:
        pair = _procedural_pair()
    for picture, name in zip(pair, ("painting", "photo"), strict=True):
        picture.save(output / f"{name}.png")


def _procedural_pair() -> list[Image.Image]:
    """Of different landscapes."""
    rng = np.random.default_rng(SCENE_SEED)
    renders = (render_painting, render_photo)
    return [Image.fromarray(render(make_scene(rng, PICTURE_SIZE[1], PICTURE_SIZE[0]), rng)) for render in renders]


def _contact_sheet(files: Sequence[Path]) -> Image.Image:
    """All of them small, row by row, each under its name."""
    width, height = THUMBNAIL[0], THUMBNAIL[1] + CAPTION
    rows = -(-len(files) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * width, rows * height), "white")
    draw = ImageDraw.Draw(sheet)
    for index, file in enumerate(files):
        left, top = index % COLUMNS * width, index // COLUMNS * height
        with Image.open(file) as picture:
            small = picture.convert("RGB")
        small.thumbnail(THUMBNAIL, Image.Resampling.LANCZOS)
        sheet.paste(small, (left, top + CAPTION))
        draw.text((left + 4, top + 4), file.stem, fill="black")
    return sheet


def _compare(*files: Path) -> None:
    painting, photo, result = (np.asarray(read_picture(file)) for file in files)
    before, after = (patch_sliced_wasserstein([photo], [picture]).mean for picture in (painting, result))
    print(f"distance to the photo (swd): {before:.0f} before, {after:.0f} after translation")
    print(f"forms kept (structure, at most 1): {gradient_correlation(painting, result):.2f}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.demo_painting", description="Painting to photo on a server.")
    add = parser.add_argument
    add("--output", type=Path, default=Path("demo-painting"), help="folder for the results (default: demo-painting)")
    add("--source", help="your own painting")
    add("--target", help="your own photo")
    add("--images", type=int, default=IMAGES, help=f"length of the training (default: {IMAGES})")
    add("--option", action="append", default=[], metavar="NAME=VALUE", help="an option of training.fit; repeatable")
    return parser


if __name__ == "__main__":
    sys.exit(main())
