"""Selections in alpha, against numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from plugins.client.messages import Channels, SampleType
from plugins.core.masks import multiply_alpha

TYPES: dict[int, Any] = {
    SampleType.UINT8: np.uint8,
    SampleType.UINT16: np.uint16,
    SampleType.FLOAT16: np.float16,
    SampleType.FLOAT32: np.float32,
}
PIXELS = 70_000  # more than one block


def drawn(dtype: Any, shape: tuple[int, ...]) -> Any:
    generator = np.random.default_rng(7)
    if np.issubdtype(dtype, np.floating):
        return generator.uniform(-0.1, 1.5, shape).astype(dtype)
    return generator.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def expected(pixels: Any, selection: Any) -> Any:
    product = pixels[:, -1].astype(np.float64) * selection / 255
    if not np.issubdtype(pixels.dtype, np.floating):
        product = np.floor(product + 0.5)
    result = pixels.copy()
    result[:, -1] = product.astype(pixels.dtype)
    return result


def soft() -> Any:
    """All values, hard stretches between soft ones."""
    selection = np.random.default_rng(8).integers(0, 256, PIXELS).astype(np.uint8)
    selection[1000:9000] = 0
    selection[20000:50000] = 255
    return selection


def check(pixels: Any, selection: Any, sample_type: int) -> None:
    mixed = bytearray(pixels.tobytes())
    multiply_alpha(mixed, selection.tobytes(), pixels.shape[1], sample_type)
    np.testing.assert_array_equal(np.frombuffer(mixed, pixels.dtype).reshape(pixels.shape), expected(pixels, selection))


@pytest.mark.parametrize("channels", [Channels.GREY_ALPHA, Channels.RGBA])
@pytest.mark.parametrize("sample_type", TYPES)
def test_every_alpha_is_multiplied_exactly_and_colours_stay(sample_type: int, channels: int) -> None:
    check(drawn(TYPES[sample_type], (PIXELS, channels)), soft(), sample_type)


@pytest.mark.parametrize("sample_type", TYPES)
@pytest.mark.parametrize("opacity", [1.0, 0.4, 0.0])
def test_a_layer_of_one_alpha_is_multiplied_exactly(sample_type: int, opacity: float) -> None:
    dtype = TYPES[sample_type]
    pixels = drawn(dtype, (PIXELS, 4))
    pixels[:, 3] = opacity * (1 if np.issubdtype(dtype, np.floating) else np.iinfo(dtype).max)
    check(pixels, soft(), sample_type)


def test_all_pairs_of_bytes_are_multiplied_exactly() -> None:
    alpha, selection = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    pixels = np.stack([np.zeros(65536, np.uint8), alpha.reshape(-1)], axis=1)
    check(pixels, selection.reshape(-1), SampleType.UINT8)


@pytest.mark.parametrize("sample_type", [SampleType.FLOAT16, SampleType.FLOAT32])
def test_alphas_that_are_no_numbers_vanish_outside_the_selection(sample_type: int) -> None:
    pixels = np.array([[1, np.nan], [1, np.inf], [1, 1]], TYPES[sample_type])
    mixed = bytearray(pixels.tobytes())
    multiply_alpha(mixed, b"\x00\x00\x80", Channels.GREY_ALPHA, sample_type)
    result = np.frombuffer(mixed, pixels.dtype).reshape(pixels.shape)
    assert list(result[:2, 1]) == [0, 0]


def test_a_full_selection_changes_nothing() -> None:
    pixels = bytearray(range(8))
    multiply_alpha(pixels, b"\xff\xff", Channels.RGBA, SampleType.UINT8)
    assert pixels == bytearray(range(8))


def test_what_does_not_fit_together_is_refused_untouched() -> None:
    pixels = bytearray(b"\xff" * 8)
    with pytest.raises(ValueError, match="8 bytes of pixels do not fit a selection of 1 pixels"):
        multiply_alpha(pixels, b"\x00", Channels.RGBA, SampleType.UINT8)
    with pytest.raises(ValueError, match="no alpha"):
        multiply_alpha(pixels, b"\x00" * 8, Channels.GREY, SampleType.UINT8)
    assert pixels == bytearray(b"\xff" * 8)
