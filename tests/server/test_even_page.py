"""An empty page through ``python -m server.translate``, against what the filter means."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from server.translate import main
from tests.server.engine.even_pictures import empty_page
from tests.server.engine.tiled.drafts import INPUT, OUTPUT, Draft

CONTRAST, MIDDLE = 40, 127


def put_filter(folder: Path) -> None:
    """What normalises a picture of 0 to 255, to a deviation of 40 levels around 127."""
    draft, identity = Draft(), np.zeros((3, 3, 3, 3), np.float32)
    identity[range(3), range(3), 1, 1] = 1
    x = draft.norm(draft.add("Conv", draft.pad(INPUT, 1), identity, channels=3), learned=False)
    x = draft.add("Add", draft.add("Mul", x, np.float32(CONTRAST)), np.float32(MIDDLE))
    (folder / "even.onnx").write_bytes(draft.model(x))
    told = f'input = "{INPUT}"\noutput = "{OUTPUT}"\nlayout = "NCHW"\nrange = [0, 255]\nmultiple = 1\n'
    (folder / "even.toml").write_text(told)


@pytest.mark.parametrize("memory", ["8GiB", "150MiB"])
@pytest.mark.parametrize("side", [100, 1200])
def test_an_empty_page_has_the_right_statistics_whatever_the_memory(tmp_path: Path, side: int, memory: str) -> None:
    put_filter(tmp_path)
    page = empty_page(side, side)
    Image.fromarray(page).save(tmp_path / "page.png")
    options = ["--filter", str(tmp_path / "even.onnx"), "--provider", "cpu", "--memory", memory]
    assert main([str(tmp_path / "page.png"), "-o", str(tmp_path / "out.png"), *options]) == 0
    right = (page - page.mean((0, 1))) / np.sqrt(page.var((0, 1)) + 1e-5) * CONTRAST + MIDDLE
    found = np.asarray(Image.open(tmp_path / "out.png")).astype(float)
    assert np.abs(found - np.rint(right.clip(0, 255))).max() <= 1
