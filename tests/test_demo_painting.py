from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests import demo_painting
from tests.training.factories import gradient

TINY = ("width=2", "blocks=1", "discriminator-width=2", "head-width=8", "crop-size=32", "batch=2", "patches=8")


@pytest.mark.slow
def test_a_painting_is_translated_by_what_a_server_learned_of_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    gradient(120, 90).save(tmp_path / "a.png")
    gradient(100, 80, seed=3).save(tmp_path / "b.jpg")
    out = tmp_path / "out"
    pair = ["--source", str(tmp_path / "a.png"), "--target", str(tmp_path / "b.jpg"), "--output", str(out)]
    assert demo_painting.main([*pair, "--images", "6", *(f"--option={option}" for option in TINY)]) == 0
    assert "distance to the photo (swd): " in capfd.readouterr().out
    for name in ("painting.png", "result.png"):
        with Image.open(out / name) as picture:
            assert picture.size == (120, 90)
    previews = sorted((out / "previews").iterdir())
    assert previews and previews[-1].name.endswith("-000000006.png")
    with Image.open(out / "sheet.png") as sheet:
        assert sheet.width == demo_painting.COLUMNS * demo_painting.THUMBNAIL[0]


def test_the_painting_demo_asks_for_both_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert demo_painting.main(["--source", "a.png", "--output", str(tmp_path)]) == 2
    assert "Name both pictures" in capsys.readouterr().err
