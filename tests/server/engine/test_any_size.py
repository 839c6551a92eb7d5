"""Pictures of any size through a real session."""

from __future__ import annotations

import sys

import numpy as np
import onnx
import pytest

from server.engine.any_size import Canvas, TensorSource, TooLarge
from server.engine.onnxruntime.backend import Device
from server.engine.onnxruntime.loaded import Feed, Session
from server.engine.pixels import Tensor
from tests import factories
from tests.server.engine.tiled.drafts import INPUT, Draft

SIZES = [(1, 1), (2, 1), (1, 40), (3, 5), (9, 17), (16, 16), (17, 16), (32, 20), (63, 65)]


def session(model: onnx.ModelProto, device: Device) -> Session:
    return Session(model.SerializeToString(), Feed(), device)


def noise(height: int, width: int, seed: int = 0) -> Tensor:
    return np.random.default_rng(seed).uniform(-1, 1, (1, 3, height, width)).astype(np.float32)


@pytest.mark.parametrize("multiple", [1, 4, 32])
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_any_size_comes_back_in_its_place(device: Device, height: int, width: int, multiple: int) -> None:
    picture = noise(height, width)
    canvas = Canvas(session(factories.identity(), device), multiple=multiple)
    np.testing.assert_array_equal(factories.translated(canvas, picture, device), picture)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_padding_is_by_reflection_and_no_more_than_needed(device: Device, height: int, width: int) -> None:
    """A filter that sees the mean sees the padding, so it tells what was padded."""
    normalising = session(factories.normalising(), device)
    picture = noise(height, width)
    more = [max(-(-length // 4) * 4, 16) - length for length in (height, width)]
    padded = np.pad(picture, ((0, 0), (0, 0), (0, more[0]), (0, more[1])), mode="reflect")
    expected = normalising.run(padded, device.run_options())[..., :height, :width]
    result = factories.translated(Canvas(normalising, multiple=4), picture, device)
    np.testing.assert_allclose(result, expected, atol=1e-6)


def test_a_picture_on_the_multiple_is_run_as_it_is(device: Device) -> None:
    normalising = session(factories.normalising(), device)
    picture = noise(24, 20)
    result = factories.translated(Canvas(normalising, multiple=4), picture, device)
    np.testing.assert_array_equal(result, normalising.run(picture, device.run_options()))


def test_rows_of_a_large_picture_are_given_out_in_bands(device: Device) -> None:
    canvas = Canvas(session(factories.identity(), device), multiple=4)
    picture, rows = noise(1024, 600), list[Tensor]()
    plan = canvas.plan(1024, 600, sys.maxsize)
    assert list(canvas.translate(TensorSource(picture), rows.append, plan, device.run_options())) == [1.0]
    assert len(rows) == 3
    np.testing.assert_array_equal(np.concatenate(rows, axis=2), picture)


def test_a_plan_stays_within_the_memory_or_there_is_none(device: Device) -> None:
    canvas = Canvas(session(factories.centring(), device), multiple=4)
    with pytest.raises(TooLarge) as caught:
        canvas.plan(100, 100, 1)
    assert caught.value.operation == "ReduceMean"
    least = caught.value.memory_bytes
    assert canvas.plan(100, 100, least).memory_bytes == least


def test_pictures_that_are_computed_together_come_out_as_they_do_alone(device: Device) -> None:
    canvas = Canvas(session(factories.normalising(), device), multiple=4)
    pictures = [noise(30, 45, seed) * np.float32((seed + 1) / 4) for seed in range(4)]
    together: list[list[Tensor]] = [[] for _ in pictures]
    canvas.translate_batch(
        [TensorSource(picture) for picture in pictures],
        [rows.append for rows in together],
        canvas.plan(30, 45, 1 << 40),
        device.run_options(),
    )
    for picture, (result,) in zip(pictures, together, strict=True):
        alone = factories.translated(canvas, picture, device)
        np.testing.assert_allclose(result, alone, atol=1e-5)
        np.testing.assert_array_equal(np.round(result * 127.5), np.round(alone * 127.5))


@pytest.mark.parametrize("side", [20, 160], ids=["whole", "in pieces"])
@pytest.mark.parametrize("result", ["larger", "smaller", "fewer channels"])
def test_a_result_of_another_size_is_an_error(device: Device, side: int, result: str) -> None:
    draft = Draft()
    x = draft.norm(INPUT)
    layers = {
        "larger": lambda: draft.grow(x),
        "smaller": lambda: draft.conv(x, 3),
        "fewer channels": lambda: draft.conv(x, 2, pads=[1] * 4),
    }
    canvas = Canvas(Session(draft.model(layers[result]()), Feed(), device), multiple=4)
    assert (canvas.plan(side, side, sys.maxsize).in_pieces is None) == (side == 20)
    with pytest.raises(ValueError, match="The network answer"):
        factories.translated(canvas, noise(side, side), device)


def test_a_picture_too_small_for_pieces_is_planned_whole(device: Device) -> None:
    """What onnxruntime says of it then is another matter: here it reflects more than there is, which is an error."""
    draft = Draft()
    canvas = Canvas(
        Session(draft.model(draft.conv(draft.pad(draft.norm(INPUT), 20), 3, 41)), Feed(), device), multiple=1
    )
    assert canvas.plan(16, 2000, sys.maxsize).in_pieces is None
    assert canvas.plan(100, 2000, sys.maxsize).in_pieces is not None
    with pytest.raises(TooLarge):
        canvas.plan(16, 2000, 1000)
