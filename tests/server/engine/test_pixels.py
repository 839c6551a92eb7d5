"""Raw pixels to tensors and back: what is lossless is lossless to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from server.engine.pixels import (
    ChannelOrder,
    Channels,
    PixelFormat,
    SampleType,
    TransferFunction,
    from_tensor,
    to_tensor,
)

INTEGERS = [SampleType.UINT8, SampleType.UINT16]


def there_and_back(samples: NDArray[Any], pixel_format: PixelFormat) -> NDArray[Any]:
    height, width, _ = samples.shape
    tensor, alpha = to_tensor(samples.tobytes(), width=width, height=height, pixel_format=pixel_format)
    return from_tensor(tensor, alpha, pixel_format)


def one_pixel(values: list[float], pixel_format: PixelFormat) -> list[float]:
    """The red, green and blue that a filter sees."""
    raw = np.array(values, pixel_format.sample_type.dtype).tobytes()
    tensor, _ = to_tensor(raw, width=1, height=1, pixel_format=pixel_format)
    assert tensor.shape == (1, 3, 1, 1)
    return [float(value) for value in tensor.ravel()]


@settings(deadline=None, max_examples=40)
@given(data=st.data(), sample_type=st.sampled_from(INTEGERS), channels=st.sampled_from(Channels))
def test_integers_in_srgb_survive_unchanged(data: st.DataObject, sample_type: SampleType, channels: Channels) -> None:
    size = st.integers(1, 7)
    shape = (data.draw(size), data.draw(size), int(channels))
    samples = data.draw(arrays(sample_type.dtype, shape))
    np.testing.assert_array_equal(there_and_back(samples, PixelFormat(channels, sample_type)), samples)


@pytest.mark.parametrize("sample_type", INTEGERS)
def test_every_grey_level_survives_unchanged(sample_type: SampleType) -> None:
    levels = np.arange(int(sample_type.white) + 1, dtype=sample_type.dtype).reshape(-1, 64, 1)
    np.testing.assert_array_equal(there_and_back(levels, PixelFormat(Channels.GREY, sample_type)), levels)


def test_every_linear_level_of_16_bits_survives_unchanged() -> None:
    levels = np.arange(1 << 16, dtype="<u2").reshape(256, 256, 1)
    linear = PixelFormat(Channels.GREY, SampleType.UINT16, TransferFunction.LINEAR)
    np.testing.assert_array_equal(there_and_back(levels, linear), levels)


@pytest.mark.parametrize("transfer_function", TransferFunction)
def test_floats_survive_within_rounding(transfer_function: TransferFunction) -> None:
    samples = np.random.default_rng(0).random((5, 7, 3), np.float32)
    result = there_and_back(samples, PixelFormat(Channels.RGB, SampleType.FLOAT32, transfer_function))
    np.testing.assert_allclose(result, samples, atol=1e-6)


@pytest.mark.parametrize("channels", [Channels.GREY_ALPHA, Channels.RGBA])
@pytest.mark.parametrize("sample_type", SampleType)
def test_alpha_is_kept_to_the_bit_whatever_it_holds(channels: Channels, sample_type: SampleType) -> None:
    raw = np.random.default_rng(1).integers(0, 256, 12 * channels * sample_type.dtype.itemsize, np.uint8)
    samples = raw.view(sample_type.dtype).reshape(3, 4, channels)
    result = there_and_back(samples, PixelFormat(channels, sample_type, TransferFunction.LINEAR))
    assert result[..., -1].tobytes() == samples[..., -1].tobytes()


def test_alpha_that_is_not_a_number_stays_that_number() -> None:
    samples = np.array([[[0.5, np.nan]]], np.float32)
    result = there_and_back(samples, PixelFormat(Channels.GREY_ALPHA, SampleType.FLOAT32))
    assert result[..., -1].tobytes() == samples[..., -1].tobytes()


@pytest.mark.parametrize(
    ("sample_type", "values", "seen"),
    [
        (SampleType.UINT8, [0, 255, 51], [-1, 1, -0.6]),
        (SampleType.UINT16, [0, 65535, 13107], [-1, 1, -0.6]),
        (SampleType.FLOAT32, [0, 1, 0.2], [-1, 1, -0.6]),
        (SampleType.FLOAT16, [0, 1, 0.25], [-1, 1, -0.5]),
        (SampleType.FLOAT16, [-3, 7, np.nan], [-1, 1, -1]),
        (SampleType.FLOAT32, [-3, 7, np.nan], [-1, 1, -1]),
        (SampleType.FLOAT32, [-np.inf, np.inf, 0.5], [-1, 1, 0]),
    ],
)
def test_a_filter_sees_black_as_minus_one_and_white_as_one(
    sample_type: SampleType, values: list[float], seen: list[float]
) -> None:
    assert one_pixel(values, PixelFormat(Channels.RGB, sample_type)) == pytest.approx(seen, abs=1e-6)


def test_a_filter_sees_red_first_whatever_comes_first() -> None:
    blue_first = PixelFormat(Channels.RGB, SampleType.UINT8, channel_order=ChannelOrder.BGR)
    assert one_pixel([0, 51, 255], blue_first) == pytest.approx([1, -0.6, -1])
    tensor = np.array([1, -0.6, -1], np.float32).reshape(1, 3, 1, 1)
    assert from_tensor(tensor, None, blue_first).ravel().tolist() == [0, 51, 255]


def test_a_filter_sees_grey_as_equal_red_green_and_blue() -> None:
    assert one_pixel([51], PixelFormat(Channels.GREY, SampleType.UINT8)) == pytest.approx([-0.6] * 3)


def test_a_filter_sees_linear_light_encoded_as_srgb() -> None:
    linear = PixelFormat(Channels.RGB, SampleType.FLOAT32, TransferFunction.LINEAR)
    # 0.5 and 0.002 in IEC 61966-2-1: above and below its linear segment.
    assert one_pixel([0.5, 0.002, 1.0], linear) == pytest.approx([2 * 0.7353570 - 1, 2 * 0.02584 - 1, 1], abs=1e-5)


def test_grey_comes_back_as_rec_709_luma() -> None:
    tensor = np.array([1, -1, 0], np.float32).reshape(1, 3, 1, 1)
    result = from_tensor(tensor, None, PixelFormat(Channels.GREY, SampleType.FLOAT32))
    assert result.item() == pytest.approx(0.2126 + 0.5 * 0.0722, abs=1e-6)


def test_results_are_rounded_half_up_and_clamped() -> None:
    tensor = np.array([1.5, -1.5, 2 * 100.5 / 255 - 1], np.float32).reshape(1, 3, 1, 1)
    result = from_tensor(tensor, None, PixelFormat(Channels.RGB, SampleType.UINT8))
    assert result.ravel().tolist() == [255, 0, 101]


def test_16_bits_and_floats_are_little_endian() -> None:
    assert one_pixel([0x0100] * 3, PixelFormat(Channels.RGB, SampleType.UINT16))[0] == pytest.approx(256 / 32767.5 - 1)
    raw = bytes([0x00, 0x01] * 3)
    tensor, _ = to_tensor(raw, width=1, height=1, pixel_format=PixelFormat(Channels.RGB, SampleType.UINT16))
    assert float(tensor[0, 0, 0, 0]) == pytest.approx(256 / 32767.5 - 1)


def test_the_tensor_shares_no_memory_with_the_pixels() -> None:
    raw = bytearray(4)
    tensor, alpha = to_tensor(raw, width=1, height=1, pixel_format=PixelFormat(Channels.RGBA, SampleType.UINT8))
    raw[:] = b"\xff" * 4
    assert tensor.max() == -1
    assert alpha is not None
    assert alpha.max() == 0
