"""The reduced picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from server.engine.pixels import Channels, PixelFormat, SampleType
from server.pictures.files import decode_picture
from server.translation.picture import RawPicture
from server.translation.preview import ReducedPicture, preview_size


def reduced(samples: NDArray[Any], height: int, width: int) -> ReducedPicture:
    sample_type = next(known for known in SampleType if known.dtype == samples.dtype)
    pixel_format = PixelFormat(Channels(samples.shape[2]), sample_type)
    picture = RawPicture(samples, width=samples.shape[1], height=samples.shape[0], pixel_format=pixel_format)
    picture.prepare()
    made = ReducedPicture(picture, height, width)
    made.prepare()
    return made


def shown(samples: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """The preview of a filter that changes nothing."""
    made = reduced(samples, height, width)
    preview = made.preview(made.source.tensor)
    assert (preview.width, preview.height) == (width, height)
    return decode_picture(preview.png, max_pixels=1 << 20).pixels


@pytest.mark.parametrize(
    ("height", "width", "side", "size"),
    [
        (3000, 2000, 0, None),
        (127, 128, 500, None),
        (3000, 2000, 300, (300, 200)),
        (1000, 1000, 5000, (288, 288)),
        (100_000, 1, 64, (64, 1)),
    ],
)
def test_a_preview_keeps_to_the_side_and_to_a_twelfth_of_the_pixels(
    height: int, width: int, side: int, size: tuple[int, int] | None
) -> None:
    assert preview_size(height, width, side) == size


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_each_pixel_is_the_mean_of_its_cell(dtype: Any) -> None:
    samples = np.random.default_rng(0).integers(0, np.iinfo(dtype).max + 1, (40, 60, 3), dtype)
    means = samples.reshape(10, 4, 10, 6, 3).mean(axis=(1, 3)) / np.iinfo(dtype).max * 255
    np.testing.assert_allclose(shown(samples, 10, 10), means, atol=0.51)


def test_sizes_that_do_not_divide_use_every_pixel_once() -> None:
    samples = np.random.default_rng(0).integers(0, 256, (41, 67, 3), np.uint8)
    tensor = reduced(samples, 7, 9).source.tensor[0].astype(np.float64)
    rows, columns = (np.diff(np.arange(cells + 1) * length // cells) for length, cells in ((41, 7), (67, 9)))
    whole = (tensor * rows[:, None] * columns).sum(axis=(1, 2)) / samples[..., 0].size
    np.testing.assert_allclose(whole, samples.mean(axis=(0, 1)) / 127.5 - 1, atol=1e-5)


def test_transparent_pixels_give_their_alpha_and_not_their_colour() -> None:
    samples = np.full((40, 40, 4), 200, np.uint8)
    samples[..., 3] = 255
    samples[:20] = 0
    result = shown(samples, 10, 10)
    assert set(np.unique(result[..., :3])) == {200}
    assert result[:, 0, 3].tolist() == [0] * 5 + [255] * 5


def test_grey_is_shown_grey() -> None:
    samples = np.full((40, 40, 1), 90, np.uint8)
    assert set(np.unique(shown(samples, 10, 10))) == {90}
