"""Padding that operations do themselves, or leave to whoever computes them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.server.engine.tiled.drafts import INPUT, Draft
from tests.server.engine.tiled.running import Way, in_tiles, noise, read, whole

SAME = ("SAME_UPPER", "SAME_LOWER")
WINDOWS = [(3, 1), (4, 1), (3, 2), (4, 2), (2, 3)]
PADS = [1, 0, 2, 1]


def agree(model: bytes) -> None:
    picture = noise(3, 24, 18)
    np.testing.assert_allclose(in_tiles(model, picture, Way(tile_room=1)), whole(model, picture), atol=1e-5)


@pytest.mark.parametrize("auto_pad", SAME)
@pytest.mark.parametrize(("size", "step"), WINDOWS)
def test_convolutions_that_keep_the_size_or_divide_it(auto_pad: str, size: int, step: int) -> None:
    draft = Draft()
    agree(draft.model(draft.conv(INPUT, 4, size, strides=[step] * 2, auto_pad=auto_pad)))


@pytest.mark.parametrize("auto_pad", SAME)
def test_dilated_convolutions_that_keep_the_size(auto_pad: str) -> None:
    """Against padding by numbers: onnxruntime does not compute both together."""
    models = []
    for padding in ({"auto_pad": auto_pad}, {"pads": [2, 3, 2, 3]}):
        draft = Draft()
        models.append(draft.model(draft.conv(INPUT, 4, dilations=[2, 3], **padding)))
    picture = noise(3, 24, 18)
    np.testing.assert_allclose(in_tiles(models[0], picture, Way(tile_room=1)), whole(models[1], picture), atol=1e-5)


@pytest.mark.parametrize("auto_pad", SAME)
@pytest.mark.parametrize(("size", "step"), [(3, 2), (4, 2), (3, 1), (2, 2)])
def test_transposed_convolutions_that_multiply_the_size(auto_pad: str, size: int, step: int) -> None:
    draft = Draft()
    agree(draft.model(draft.transposed(INPUT, 4, size, strides=[step] * 2, auto_pad=auto_pad)))


@pytest.mark.parametrize("auto_pad", SAME)
def test_a_size_that_is_no_multiple_of_the_steps_is_refused(auto_pad: str) -> None:
    draft = Draft()
    network = read(draft.model(draft.conv(INPUT, 4, strides=[2, 2], auto_pad=auto_pad)))
    network.sizes(24, 18)
    with pytest.raises(ValueError, match="25 x 18"):
        network.sizes(25, 18)


def below_zero(draft: Draft) -> str:
    """Where padding by 0 would show in a maximum."""
    return draft.add("Sub", INPUT, np.float32(2))


POOLS: dict[str, Callable[[Draft], str]] = {
    "maximum": lambda draft: draft.add("MaxPool", below_zero(draft), kernel_shape=[3, 3], pads=PADS),
    "maximum in steps": lambda draft: draft.add(
        "MaxPool", below_zero(draft), kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4
    ),
    "maximum, same": lambda draft: draft.add("MaxPool", below_zero(draft), kernel_shape=[2, 3], auto_pad="SAME_LOWER"),
    "average of what is there": lambda draft: draft.add("AveragePool", INPUT, kernel_shape=[3, 3], pads=PADS),
    "average in steps": lambda draft: draft.add(
        "AveragePool", INPUT, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4
    ),
    "average, same": lambda draft: draft.add("AveragePool", INPUT, kernel_shape=[3, 2], auto_pad="SAME_UPPER"),
}


def test_an_average_may_count_the_padding() -> None:
    """Against numpy: onnxruntime 1.24 is wrong where the sides differ."""
    draft, picture = Draft(), noise(3, 24, 18)
    model = draft.model(draft.add("AveragePool", INPUT, kernel_shape=[3, 3], pads=PADS, count_include_pad=1))
    padded = np.pad(picture, ((0, 0), (0, 0), PADS[::2], PADS[1::2]))
    right = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3)).mean(axis=(-1, -2))
    np.testing.assert_allclose(in_tiles(model, picture, Way(tile_room=1)), right, atol=1e-5)


@pytest.mark.parametrize("case", POOLS)
def test_pooling_pads_as_onnxruntime_does(case: str) -> None:
    draft = Draft()
    agree(draft.model(POOLS[case](draft)))
