from __future__ import annotations

import io

import pytest
import torch
from PIL import Image

from training.data.batches import to_pictures
from training.data.display import as_rgb
from training.filters.thumbnail import thumbnail_webp
from training.running.recording.previews import preview_png


@pytest.mark.parametrize(
    ("pixel", "seen"),
    [
        ([0], [0, 0, 0]),
        ([0, 255], [0, 0, 0]),
        ([0, 0], [255, 255, 255]),
        ([0, 102], [153, 153, 153]),
        ([1, 2, 3], [1, 2, 3]),
        ([0, 50, 255, 255], [0, 50, 255]),
        ([0, 50, 255, 0], [255, 255, 255]),
    ],
)
def test_pictures_of_any_channels_are_shown_on_white(pixel: list[int], seen: list[int]) -> None:
    picture = torch.tensor(pixel).view(1, -1, 1, 1) / 127.5 - 1
    assert to_pictures(as_rgb(picture))[0, 0, 0].tolist() == seen


@pytest.mark.parametrize(("source", "target"), [(1, 3), (4, 1), (2, 4)])
def test_previews_and_thumbnails_mix_channels(source: int, target: int) -> None:
    before, after = torch.zeros(2, source, 8, 8), torch.zeros(2, target, 8, 8)
    with Image.open(io.BytesIO(preview_png(before, after, after[:1]))) as preview:
        assert (preview.mode, preview.size) == ("RGB", (2 * 12 + 4, 3 * 12 + 4))
    with Image.open(io.BytesIO(thumbnail_webp(before[:1], after[:1]))) as thumbnail:
        assert thumbnail.size == (256, 128)
