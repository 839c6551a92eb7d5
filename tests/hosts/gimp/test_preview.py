"""The preview in the dialog, on a screen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from tests.hosts.gimp.desk import Desk
from tests.hosts.gimp.pictures import noise
from tests.hosts.gimp.remote import wait_until

BLOCK = 6  # pixels a side: in noise there is no second one


@contextmanager
def detail(desk: Desk) -> Iterator[tuple[np.ndarray, str]]:
    """A picture of 1200 x 900, and the dialog with the inverting filter at 100 %."""
    source = noise("U8", 3, size=(1200, 900))
    desk.open(source, "U8_NON_LINEAR")
    dialog = desk.open_dialog()
    desk.screen.key("i", "n", "v", window=dialog)
    desk.screen.key("alt+1", window=dialog)
    yield source, dialog
    desk.escape(dialog)


def test_detail_shows_the_middle_pixel_for_pixel_before_and_after(desk: Desk, artifacts: Path) -> None:
    with detail(desk) as (source, _):
        path = artifacts / "gimp-detail.png"
        before = place(desk, source, (400, 300), path)
        after = place(desk, 255 - source, (800, 300), path)
        assert (after[0] - before[0], after[1] - before[1]) == (400, 0)


def test_detail_is_moved_with_the_mouse_and_with_keys(desk: Desk, artifacts: Path) -> None:
    with detail(desk) as (source, dialog):
        path, low = artifacts / "gimp-detail-moved.png", (400, 560)  # below the tooltip at the pointer
        x, y = place(desk, source, low, path)
        pull = ("mousemove", str(x), str(y - 200), "mousedown", "3", "mousemove_relative", "60", "80", "mouseup", "3")
        desk.screen.xdotool(*pull)
        wait_until(lambda: find(desk, source, low, path) == (x + 60, y + 80), desk.gimp, 30, "moved picture")
        desk.screen.key("shift+Left", window=dialog)
        wait_until(lambda: find(desk, source, low, path) == (x + 172, y + 80), desk.gimp, 30, "part on the left")
        right = place(desk, 255 - source, (low[0] + 140, low[1]), path)
        assert right == (x + 172 + 140, y + 80)


def place(desk: Desk, source: np.ndarray, corner: tuple[int, int], path: Path) -> tuple[int, int]:
    """Where this block of the picture comes to be on the screen."""
    wait_until(lambda: find(desk, source, corner, path) is not None, desk.gimp, 60, f"pixels of {corner}")
    found = find(desk, source, corner, path)
    assert found
    return found


def find(desk: Desk, source: np.ndarray, corner: tuple[int, int], path: Path) -> tuple[int, int] | None:
    """None while it is not to be seen."""
    shot = np.asarray(Image.open(desk.screen.screenshot(path)).convert("RGB"))
    block = source[corner[1] : corner[1] + BLOCK, corner[0] : corner[0] + BLOCK]
    rows, columns = np.nonzero((shot[: 1 - BLOCK, : 1 - BLOCK] == block[0, 0]).all(axis=2))
    for y, x in zip(rows.tolist(), columns.tolist(), strict=True):
        if (shot[y : y + BLOCK, x : x + BLOCK] == block).all():
            return x, y
    return None
