"""Raw pixels by rows are what they are at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from server.engine.pixels import Channels, PixelFormat, SampleType, to_tensor
from server.translation import picture as pictures
from server.translation.picture import RawPicture

HEIGHT, WIDTH = 21, 13


def raw(channels: Channels, sample_type: SampleType, *, hidden: slice | None = None) -> NDArray[Any]:
    samples = np.random.default_rng(0).random((HEIGHT, WIDTH, channels), np.float32)
    made = (samples * sample_type.white).astype(sample_type.dtype)
    if channels.has_alpha:
        made[..., -1] = np.maximum(made[..., -1], made.dtype.type(sample_type.white / 2))
        if hidden:
            made[hidden, :, -1] = 0
    return made


def opened(samples: NDArray[Any], sample_type: SampleType) -> RawPicture:
    height, width, channels = samples.shape
    made = RawPicture(samples, width=width, height=height, pixel_format=PixelFormat(Channels(channels), sample_type))
    made.prepare()
    return made


@pytest.mark.parametrize("channels", Channels)
@pytest.mark.parametrize("sample_type", SampleType)
def test_rows_are_those_of_the_whole_picture(channels: Channels, sample_type: SampleType) -> None:
    samples = raw(channels, sample_type)
    whole, _ = to_tensor(samples.tobytes(), width=WIDTH, height=HEIGHT, pixel_format=PixelFormat(channels, sample_type))
    np.testing.assert_array_equal(opened(samples, sample_type).rows(5, 12), whole[:, :, 5:12])


@pytest.mark.parametrize("channels", [Channels.GREY_ALPHA, Channels.RGBA])
def test_translated_rows_go_back_where_they_came_from(channels: Channels) -> None:
    samples = raw(channels, SampleType.UINT8, hidden=slice(3, 9))
    picture = opened(samples, SampleType.UINT8)
    for top, bottom in ((0, 4), (4, 10), (10, HEIGHT)):
        np.testing.assert_array_equal(picture.samples(top, picture.rows(top, bottom)), samples[top:bottom])


def test_hidden_pixels_have_the_same_colours_however_the_rows_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = raw(Channels.RGBA, SampleType.UINT8, hidden=slice(3, 9))
    at_once = opened(samples, SampleType.UINT8).rows(0, HEIGHT)
    monkeypatch.setattr(pictures, "_BAND_PIXELS", 1)  # two rows at a time
    picture = opened(samples, SampleType.UINT8)
    for row in range(HEIGHT):
        np.testing.assert_array_equal(picture.rows(row, row + 1), at_once[:, :, row : row + 1])
    shown, _ = to_tensor(
        samples.tobytes(), width=WIDTH, height=HEIGHT, pixel_format=PixelFormat(Channels.RGBA, SampleType.UINT8)
    )
    assert (at_once[:, :, 3:9] != shown[:, :, 3:9]).any()


def test_only_transparent_pixels_cost_more_memory_than_the_pixels() -> None:
    opaque, hiding = (raw(Channels.RGBA, SampleType.UINT8, hidden=hidden) for hidden in (None, slice(3, 9)))
    assert opened(opaque, SampleType.UINT8).memory_bytes == opaque.nbytes
    assert opened(hiding, SampleType.UINT8).memory_bytes == hiding.nbytes + 12 * 11 * 7
