"""Pictures of any size through a real session."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from server.engine.canvas import translate_canvas
from server.engine.device import Device
from server.engine.pixels import Tensor
from server.engine.session import Feed, Session
from tests import factories

SIZES = [(1, 1), (2, 1), (1, 40), (3, 5), (9, 17), (16, 16), (17, 16), (32, 20), (63, 65)]


def session(model: onnx.ModelProto, device: Device) -> Session:
    return Session(model.SerializeToString(), Feed(), device)


def noise(height: int, width: int) -> Tensor:
    return np.random.default_rng(0).uniform(-1, 1, (1, 3, height, width)).astype(np.float32)


@pytest.mark.parametrize("multiple", [1, 4, 32])
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_any_size_comes_back_in_its_place(device: Device, height: int, width: int, multiple: int) -> None:
    picture = noise(height, width)
    result = translate_canvas(
        session(factories.identity(), device), picture, multiple=multiple, options=device.run_options()
    )
    np.testing.assert_array_equal(result, picture)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_padding_is_by_reflection_and_no_more_than_needed(device: Device, height: int, width: int) -> None:
    """A filter that sees the mean sees the padding, so it tells what was padded."""
    normalising = session(factories.normalising(), device)
    picture = noise(height, width)
    more = [max(-(-length // 4) * 4, 16) - length for length in (height, width)]
    padded = np.pad(picture, ((0, 0), (0, 0), (0, more[0]), (0, more[1])), mode="reflect")
    expected = normalising.run(padded, device.run_options())[..., :height, :width]
    result = translate_canvas(normalising, picture, multiple=4, options=device.run_options())
    np.testing.assert_allclose(result, expected, atol=1e-6)


def test_a_picture_on_the_multiple_is_run_as_it_is(device: Device) -> None:
    normalising = session(factories.normalising(), device)
    picture = noise(24, 20)
    result = translate_canvas(normalising, picture, multiple=4, options=device.run_options())
    np.testing.assert_array_equal(result, normalising.run(picture, device.run_options()))
