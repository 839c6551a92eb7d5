from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.benchmarks.painting_to_photo import Measured, main, table
from tests.benchmarks.quality_plot import Curve, draw
from tests.training.factories import TINY_SINCUT, gradient
from training.metrics.picture_files import read_pixels

SMALL = [text for name, value in TINY_SINCUT.items() for text in (f"--{name.replace('_', '-')}", str(value))]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real run of two steps, measured after each."""
    folder = tmp_path_factory.mktemp("measured")
    for name, seed in (("painting", 0), ("photo", 3)):
        gradient(70, 50, seed).save(folder / f"{name}.png")
    pictures = ["--source", str(folder / "painting.png"), "--target", str(folder / "photo.png")]
    main([*pictures, "--images", "8", "--points", "2", "--output", str(folder / "out"), "--", *SMALL])
    return folder / "out"


def test_a_run_is_measured_at_its_checkpoints_on_the_whole_painting(measured: Path) -> None:
    run = Measured.read(measured)
    assert [at.images for at in run.measures] == [4, 8]
    assert run.own_swd > 0
    assert all(at.swd > 0 and -1 <= at.structure <= 1 for at in run.measures)
    assert 0 < run.measures[0].seconds <= run.measures[1].seconds  # a look may find both
    for at in run.measures:
        assert read_pixels(measured / f"images-{at.images:09d}.png").shape == (50, 70, 3)


def test_runs_measured_before_are_drawn_together(measured: Path, tmp_path: Path) -> None:
    main(["--draw", str(measured), str(measured), "--output", str(tmp_path)])
    run = Measured.read(measured)
    assert (tmp_path / "table.md").read_text(encoding="utf-8") == table([run, run])
    assert table([run]).count("\n") == 5
    assert json.loads((measured / "measures.json").read_text(encoding="utf-8"))["label"] == "sincut-quick"


def test_the_plot_shows_every_point_inside_its_frame() -> None:
    curve = Curve("a & b", 345.0, [60.0, 730.0], [500.0, 120.0], [0.2, -0.1])
    picture = ElementTree.fromstring(draw([curve, curve]))
    _, _, width, height = (float(number) for number in picture.attrib["viewBox"].split())
    points = [element.attrib for element in picture.iter("{http://www.w3.org/2000/svg}circle")]
    assert len(points) == 2 * (2 + 2 + 1)  # in two panels and the legend
    assert all(0 < float(at["cx"]) < width and 0 < float(at["cy"]) < height for at in points)
