from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests import demo
from tests.training.factories import gradient, picture_folder


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_demo_brings_the_picture_nearer_to_the_truth(tmp_path: Path) -> None:
    """After a third of the training, which is enough to tell."""
    assert demo.main(["--output", str(tmp_path), "--images", "250"]) == 0
    with Image.open(tmp_path / "result.png") as result:
        assert result.size == (3 * 1024, 768)


@pytest.mark.slow
def test_the_demo_runs_on_folders_of_ones_own(tmp_path: Path) -> None:
    folders = {name: picture_folder(tmp_path / name, 2, size=140, seed=seed) for name, seed in (("a", 0), ("b", 5))}
    gradient(200, 150).save(folders["a"] / "0.png")
    options = ["--source", str(folders["a"]), "--target", str(folders["b"]), "--output", str(tmp_path / "out")]
    assert demo.main([*options, "--images", "5"]) == 0
    with Image.open(tmp_path / "out" / "result.png") as result:
        assert result.size == (400, 150)
        halves = np.split(np.asarray(result, dtype=float), 2, axis=1)
    assert np.abs(halves[0] - halves[1]).mean() > 1


def test_the_demo_asks_for_both_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.main(["--source", "a", "--output", str(tmp_path)]) == 2
    assert "Name both folders" in capsys.readouterr().err
