"""The fast convolution against onnxruntime's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from onnx import TensorProto

from server.engine.network.operations import Convolution
from server.engine.network.spans import Span
from server.engine.tiled import winograd
from server.engine.tiled.convolution_way import ConvolutionWay, way_of
from server.engine.tiled.layout import CHANNELS_FIRST, CHANNELS_LAST
from server.engine.tiled.sweep_graph import build_sweep_graph
from tests.server.engine.tiled.drafts import INPUT, Draft
from tests.server.engine.tiled.running import EVERYTHING, Way, in_tiles, noise, plan_in, read, whole


def convolution(mode: str | None = None, *, margin: int = 1) -> bytes:
    draft = Draft(channels=16)
    x = draft.pad(INPUT, margin, mode) if mode else INPUT
    return draft.model(draft.conv(x, 20))


def is_fast(model: bytes) -> bool:
    return any(way_of(layer.operation, CHANNELS_LAST) is ConvolutionWay.WINOGRAD for layer in read(model).layers)


@pytest.mark.parametrize("room", [EVERYTHING, 1], ids=["whole", "tiles"])
@pytest.mark.parametrize("mode", [None, "reflect", "edge", "constant"])
@pytest.mark.parametrize(("height", "width"), [(32, 32), (33, 35), (13, 30), (34, 9)])
def test_the_result_is_the_direct_convolutions(mode: str | None, height: int, width: int, room: int) -> None:
    model = convolution(mode)
    assert is_fast(model)
    picture = noise(16, height, width)
    found = in_tiles(model, picture, Way(tile_room=room))
    np.testing.assert_allclose(found, whole(model, picture), atol=2e-5)


@pytest.mark.parametrize(("height", "width"), [(3, 3), (3, 8), (4, 3), (5, 6), (7, 3)])
def test_a_few_pixels_are_right(height: int, width: int) -> None:
    """The result is 1 x 1, 1 x 6, ... pixels: less than a tile."""
    model, picture = convolution(), noise(16, height, width)
    np.testing.assert_allclose(in_tiles(model, picture, Way()), whole(model, picture), atol=2e-5)


@pytest.mark.parametrize("mode", ["reflect", "edge"])
def test_deeper_margins_are_right(mode: str) -> None:
    model, picture = convolution(mode, margin=2), noise(16, 23, 21)
    np.testing.assert_allclose(in_tiles(model, picture, Way(tile_room=1)), whole(model, picture), atol=2e-5)


def test_a_tile_of_a_doubled_line_is_what_interpolation_gives() -> None:
    line = np.random.default_rng(0).standard_normal(9)
    places = (np.arange(18) + 0.5) / 2 - 0.5
    twice = np.interp(places, np.arange(9), line)
    tiles = winograd.seen_along_doubled(Span(4, 12))
    assert tiles.shape == (4, 2)
    square = np.outer(line, line)[np.ix_(tiles[:, 0], tiles[:, 0])].reshape(16)
    seen = np.outer(twice, twice)[3:9, 3:9].reshape(36)
    np.testing.assert_allclose(
        winograd.doubled_input_transform() @ square, winograd.input_transform() @ seen, atol=1e-5
    )


@given(some.integers(1, 12), some.integers(1, 12), some.integers(1, 3))
@settings(max_examples=30, deadline=None)
def test_matrices_make_a_convolution(height: int, width: int, channels: int) -> None:
    """All of the arithmetic in numpy, for values of any size of picture."""
    random = np.random.default_rng(height * 100 + width)
    picture = random.standard_normal((height + 2, width + 2, channels)).astype(np.float32)
    kernel = random.standard_normal((2, channels, 3, 3)).astype(np.float32)
    rows, columns = (winograd.seen_along(Span(0, length)).clip(0, length + 1) for length in (height, width))
    seen = picture.reshape(-1, channels)[winograd.seen_pixels(rows, columns, width + 2)].reshape(36, -1)
    turned = (winograd.input_transform() @ seen).reshape(36, -1, channels)
    products = (turned @ winograd.transformed_weights(kernel)).reshape(36, -1)
    found = (
        (winograd.output_transform() @ products)
        .reshape(-1, 2)[winograd.output_places(height, width)]
        .reshape(height, width, 2)
    )
    windows = np.lib.stride_tricks.sliding_window_view(picture, (3, 3), axis=(0, 1))
    np.testing.assert_allclose(found, np.einsum("hwcij,kcij->hwk", windows, kernel), atol=2e-4)


def doubled(
    mode: str | None = "constant", *, margin: int = 1, size: int = 3, element: int = TensorProto.FLOAT, **changes: Any
) -> bytes:
    """A convolution behind a doubling, and behind that another, so that its tiles begin at any pixel."""
    draft = Draft(channels=16, element=element)
    x = draft.add("Resize", INPUT, "", np.array([1, 1, 2, 2], np.float32), mode="linear", **changes)
    x = draft.conv(draft.pad(x, margin, mode) if mode else x, 20, size)
    return draft.model(draft.conv(draft.pad(x, 1), 3))


def operations(model: bytes) -> set[str]:
    """Of the graph that computes all in one sweep."""
    network = read(model)
    plan = plan_in(network, Way(), 16, 16)
    (planned,) = plan.sweeps
    graph = build_sweep_graph(planned.task, network.channel_counts(), network.input, CHANNELS_LAST, plan.kept)
    return {node.op_type for node in onnx.load_model_from_string(graph.model).graph.node}


@pytest.mark.parametrize("room", [EVERYTHING, 1], ids=["whole", "tiles"])
@pytest.mark.parametrize("mode", ["reflect", "edge", "constant"])
@pytest.mark.parametrize(("height", "width"), [(32, 32), (33, 35), (13, 30), (34, 9)])
def test_a_doubled_picture_is_seen_without_being_made(mode: str, height: int, width: int, room: int) -> None:
    model = doubled(mode)
    assert "Resize" not in operations(model)
    picture = noise(16, height, width)
    found = in_tiles(model, picture, Way(tile_room=room))
    np.testing.assert_allclose(found, whole(model, picture), atol=2e-5)


@pytest.mark.parametrize(("height", "width"), [(2, 2), (2, 3), (5, 2)])
@pytest.mark.parametrize("mode", ["reflect", "edge", "constant"])
def test_a_few_doubled_pixels_are_right(mode: str, height: int, width: int) -> None:
    model, picture = doubled(mode), noise(16, height, width)
    np.testing.assert_allclose(in_tiles(model, picture, Way()), whole(model, picture), atol=2e-5)


def test_half_precision_weights_compute_in_single_precision() -> None:
    model, picture = doubled(element=TensorProto.FLOAT16), noise(16, 20, 24)
    expected = whole(model, picture.astype(np.float16)).astype(np.float32)
    np.testing.assert_allclose(in_tiles(model, picture, Way()), expected, atol=2e-2)


@pytest.mark.parametrize("mode", ["reflect", "constant"])
@pytest.mark.parametrize(("height", "width"), [(32, 32), (33, 35), (13, 30), (34, 9)])
@pytest.mark.parametrize("grows", [True, False])
def test_statistics_are_of_the_pixels_alone(mode: str, height: int, width: int, grows: bool) -> None:
    """Of what is measured and not kept, tiles are left as they are; some reach past the picture."""
    draft = Draft(channels=16)
    x = draft.norm(draft.conv(draft.pad(draft.grow(INPUT) if grows else INPUT, 1, mode), 20))
    model, picture = draft.model(x), noise(16, height, width) + 3
    found = in_tiles(model, picture, Way(room=0, tile_room=1))
    np.testing.assert_allclose(found, whole(model, picture), atol=1e-4)


@pytest.mark.parametrize(
    "model",
    [
        doubled(None),
        doubled(margin=2),
        doubled(size=5),
        doubled(coordinate_transformation_mode="asymmetric"),
    ],
)
def test_other_convolutions_have_the_doubled_picture(model: bytes) -> None:
    assert "Resize" in operations(model)
    picture = noise(16, 14, 18)
    np.testing.assert_allclose(in_tiles(model, picture, Way(tile_room=1)), whole(model, picture), atol=2e-5)


def test_a_doubled_picture_that_others_need_is_made() -> None:
    draft = Draft(channels=16)
    x = draft.grow(INPUT)
    model = draft.model(draft.add("Add", x, draft.conv(draft.pad(x, 1), 16)))
    assert "Resize" in operations(model)
    picture = noise(16, 14, 18)
    np.testing.assert_allclose(in_tiles(model, picture, Way(tile_room=1)), whole(model, picture), atol=2e-5)


def kind(channels: int = 16, size: int = 3, **changes: Any) -> Convolution:
    draft = Draft(channels=channels)
    (layer, *_) = read(draft.model(draft.conv(INPUT, channels, size, **changes))).layers
    assert isinstance(layer.operation, Convolution)
    return layer.operation


def test_other_convolutions_are_computed_directly() -> None:
    assert way_of(kind(), CHANNELS_LAST) is ConvolutionWay.WINOGRAD
    assert way_of(kind(), CHANNELS_FIRST) is ConvolutionWay.DIRECT
    others = [kind(8), kind(size=5), kind(strides=[2, 2]), kind(dilations=[2, 2]), kind(group=4), kind(strides=[1, 2])]
    assert {way_of(other, CHANNELS_LAST) for other in others} == {ConvolutionWay.DIRECT}
