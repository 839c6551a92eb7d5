"""A selection is honoured exactly, in every sample type, and quickly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from plugins.client.messages import SampleType
from plugins.core.masks import multiply_alpha

TYPES = {
    "u1": SampleType.UINT8,
    "u2": SampleType.UINT16,
    "f2": SampleType.FLOAT16,
    "f4": SampleType.FLOAT32,
}


def multiplied(pixels: NDArray[Any], selection: NDArray[np.uint8]) -> NDArray[Any]:
    raw = bytearray(pixels.tobytes())
    kind = TYPES[pixels.dtype.str[1:]]
    multiply_alpha(raw, selection.tobytes(), channels=pixels.shape[-1], sample_type=kind)
    return np.frombuffer(raw, pixels.dtype).reshape(pixels.shape)


def random_pixels(dtype: str, channels: int, count: int = 5000) -> NDArray[Any]:
    random = np.random.default_rng(0)
    if dtype[0] == "f":
        return random.random((count, channels)).astype(dtype)
    return random.integers(0, np.iinfo(dtype).max + 1, (count, channels), dtype)


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_integers_are_rounded_half_up(dtype: str, channels: int) -> None:
    pixels = random_pixels(dtype, channels)
    selection = np.random.default_rng(1).integers(0, 256, len(pixels), np.uint8)
    expected = np.floor(pixels[:, -1].astype(np.float64) * selection / 255 + 0.5)
    result = multiplied(pixels, selection)
    np.testing.assert_array_equal(result[:, -1], expected)
    np.testing.assert_array_equal(result[:, :-1], pixels[:, :-1])


@pytest.mark.parametrize(("dtype", "tolerance"), [("f2", 5e-4), ("f4", 1e-7)])
def test_floats_are_multiplied_within_their_precision(dtype: str, tolerance: float) -> None:
    pixels = random_pixels(dtype, 4)
    selection = np.random.default_rng(1).integers(0, 256, len(pixels), np.uint8)
    result = multiplied(pixels, selection)
    np.testing.assert_allclose(result[:, -1], pixels[:, -1].astype(np.float64) * selection / 255, atol=tolerance)
    np.testing.assert_array_equal(result[:, :-1], pixels[:, :-1])


@pytest.mark.parametrize("dtype", TYPES)
def test_what_is_all_or_not_at_all_selected_is_exact(dtype: str) -> None:
    pixels = random_pixels(dtype, 4)
    selection = np.repeat(np.random.default_rng(2).integers(0, 2, 50, np.uint8) * 255, 100)
    result = multiplied(pixels, selection)
    np.testing.assert_array_equal(result[selection == 255], pixels[selection == 255])
    assert not result[selection == 0, -1].any()
    np.testing.assert_array_equal(result[:, :-1], pixels[:, :-1])


def test_a_selection_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="do not belong"):
        multiply_alpha(bytearray(16), bytes(3), channels=4, sample_type=SampleType.UINT8)
