"""The fast convolution against onnxruntime's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from server.engine.pieces import winograd
from server.engine.pieces.convolutions import is_winograd
from server.engine.pieces.layout import CHANNELS_FIRST, CHANNELS_LAST
from server.engine.pieces.network import Convolution
from server.engine.pieces.spans import Span
from tests.server.engine.pieces.drafts import INPUT, Draft
from tests.server.engine.pieces.running import EVERYTHING, Way, in_pieces, noise, read, whole


def convolution(mode: str | None = None, *, margin: int = 1) -> bytes:
    draft = Draft(channels=16)
    x = draft.pad(INPUT, margin, mode) if mode else INPUT
    return draft.model(draft.conv(x, 20))


def is_fast(model: bytes) -> bool:
    return any(is_winograd(layer.operation, CHANNELS_LAST) for layer in read(model).layers)


@pytest.mark.parametrize("room", [EVERYTHING, 1], ids=["whole", "tiles"])
@pytest.mark.parametrize("mode", [None, "reflect", "edge", "constant"])
@pytest.mark.parametrize(("height", "width"), [(32, 32), (33, 35), (13, 30), (34, 9)])
def test_the_result_is_the_direct_convolutions(mode: str | None, height: int, width: int, room: int) -> None:
    model = convolution(mode)
    assert is_fast(model)
    picture = noise(16, height, width)
    found = in_pieces(model, picture, Way(piece_room=room))
    np.testing.assert_allclose(found, whole(model, picture), atol=2e-5)


@pytest.mark.parametrize(("height", "width"), [(3, 3), (3, 8), (4, 3), (5, 6), (7, 3)])
def test_a_few_pixels_are_right(height: int, width: int) -> None:
    """The result is 1 x 1, 1 x 6, ... pixels: less than a tile."""
    model, picture = convolution(), noise(16, height, width)
    np.testing.assert_allclose(in_pieces(model, picture, Way()), whole(model, picture), atol=2e-5)


@pytest.mark.parametrize("mode", ["reflect", "edge"])
def test_deeper_margins_are_right(mode: str) -> None:
    model, picture = convolution(mode, margin=2), noise(16, 23, 21)
    np.testing.assert_allclose(in_pieces(model, picture, Way(piece_room=1)), whole(model, picture), atol=2e-5)


@given(some.integers(1, 12), some.integers(1, 12), some.integers(1, 3))
@settings(max_examples=30, deadline=None)
def test_matrices_make_a_convolution(height: int, width: int, channels: int) -> None:
    """All of the arithmetic in numpy, for values of any size of picture."""
    random = np.random.default_rng(height * 100 + width)
    picture = random.standard_normal((height + 2, width + 2, channels)).astype(np.float32)
    kernel = random.standard_normal((2, channels, 3, 3)).astype(np.float32)
    rows, columns = (winograd.along(Span(0, length)).clip(0, length + 1) for length in (height, width))
    seen = picture.reshape(-1, channels)[winograd.tiles(rows, columns, width + 2)].reshape(36, -1)
    turned = (winograd.into() @ seen).reshape(36, -1, channels)
    products = (turned @ winograd.weights(kernel)).reshape(36, -1)
    found = (winograd.back() @ products).reshape(-1, 2)[winograd.pixels(height, width)].reshape(height, width, 2)
    windows = np.lib.stride_tricks.sliding_window_view(picture, (3, 3), axis=(0, 1))
    np.testing.assert_allclose(found, np.einsum("hwcij,kcij->hwk", windows, kernel), atol=2e-4)


def kind(channels: int = 16, size: int = 3, **changes: Any) -> Convolution:
    draft = Draft(channels=channels)
    (layer, *_) = read(draft.model(draft.conv(INPUT, channels, size, **changes))).layers
    assert isinstance(layer.operation, Convolution)
    return layer.operation


def test_other_convolutions_are_computed_directly() -> None:
    assert is_winograd(kind(), CHANNELS_LAST)
    assert not is_winograd(kind(), CHANNELS_FIRST)
    others = [kind(8), kind(size=5), kind(strides=[2, 2]), kind(dilations=[2, 2]), kind(group=4), kind(strides=[1, 2])]
    assert not any(is_winograd(other, CHANNELS_LAST) for other in others)
