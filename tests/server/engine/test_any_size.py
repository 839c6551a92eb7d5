"""Pictures of any size through a real session."""

from __future__ import annotations

import sys

import numpy as np
import onnx
import pytest

from server.engine.any_size import AnySizeNetwork
from server.engine.backend import Backend
from server.engine.cancel import CancelToken
from server.engine.feed import Feed
from server.engine.pixels import Tensor
from server.engine.plan import DoesNotFit
from server.engine.source import TensorSource
from server.engine.whole import PlannedWhole, Whole
from tests import factories
from tests.server.engine.tiled.drafts import INPUT, Draft, channels_last
from tests.server.engine.tiled.networks import made, strided

SIZES = [(1, 1), (2, 1), (1, 40), (3, 5), (9, 17), (16, 16), (17, 16), (32, 20), (63, 65)]


def any_size(model: onnx.ModelProto | bytes, device: Backend, *, multiple: int = 4) -> AnySizeNetwork:
    data = model if isinstance(model, bytes) else model.SerializeToString()
    return AnySizeNetwork(device.open(data, Feed()), multiple=multiple)


def whole(model: onnx.ModelProto, device: Backend) -> Whole:
    """The executor that computes the network as it is."""
    (found,) = (one for one in device.open(model.SerializeToString(), Feed()).executors if isinstance(one, Whole))
    return found


def noise(height: int, width: int, seed: int = 0) -> Tensor:
    return np.random.default_rng(seed).uniform(-1, 1, (1, 3, height, width)).astype(np.float32)


@pytest.mark.parametrize("multiple", [1, 4, 32])
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_any_size_comes_back_in_its_place(device: Backend, height: int, width: int, multiple: int) -> None:
    picture = noise(height, width)
    network = any_size(factories.identity(), device, multiple=multiple)
    np.testing.assert_array_equal(factories.translated(network, picture), picture)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_padding_is_by_reflection_and_no_more_than_needed(device: Backend, height: int, width: int) -> None:
    """A filter that sees the mean sees the padding, so it tells what was padded."""
    normalising = factories.normalising()
    picture = noise(height, width)
    more = [max(-(-length // 4) * 4, 16) - length for length in (height, width)]
    padded = np.pad(picture, ((0, 0), (0, 0), (0, more[0]), (0, more[1])), mode="reflect")
    expected = whole(normalising, device).compute(padded, CancelToken())[..., :height, :width]
    result = factories.translated(any_size(normalising, device), picture)
    np.testing.assert_allclose(result, expected, atol=1e-6)


def test_a_picture_on_the_multiple_is_run_as_it_is(device: Backend) -> None:
    normalising = factories.normalising()
    picture = noise(24, 20)
    result = factories.translated(any_size(normalising, device), picture)
    np.testing.assert_array_equal(result, whole(normalising, device).compute(picture, CancelToken()))


def test_rows_of_a_large_picture_are_given_out_in_bands(device: Backend) -> None:
    network = any_size(factories.identity(), device)
    picture, rows = noise(1024, 600), list[Tensor]()
    plan = network.plan(1024, 600, sys.maxsize)
    assert list(network.translate([TensorSource(picture)], [rows.append], plan, CancelToken())) == [1.0]
    assert len(rows) == 3
    np.testing.assert_array_equal(np.concatenate(rows, axis=2), picture)


def test_a_plan_stays_within_the_memory_or_there_is_none(device: Backend) -> None:
    network = any_size(factories.darkening(), device)
    with pytest.raises(DoesNotFit) as caught:
        network.plan(100, 100, 1)
    assert caught.value.operation == "GlobalMaxPool"
    least = caught.value.memory_bytes
    assert network.plan(100, 100, least).memory_bytes == least


def test_pictures_that_are_computed_together_come_out_as_they_do_alone(device: Backend) -> None:
    network = any_size(factories.normalising(), device)
    pictures = [noise(30, 45, seed) * np.float32((seed + 1) / 4) for seed in range(4)]
    together: list[list[Tensor]] = [[] for _ in pictures]
    sources, takers = [TensorSource(picture) for picture in pictures], [rows.append for rows in together]
    for _ in network.translate(sources, takers, network.plan(30, 45, 1 << 40), CancelToken()):
        pass
    for picture, (result,) in zip(pictures, together, strict=True):
        alone = factories.translated(network, picture)
        np.testing.assert_allclose(result, alone, atol=1e-5)
        np.testing.assert_array_equal(np.round(result * 127.5), np.round(alone * 127.5))


@pytest.mark.parametrize("memory", [sys.maxsize, 4 << 20], ids=["plenty", "little"])
def test_a_network_whose_channels_come_last_is_computed_in_pieces(device: Backend, memory: int) -> None:
    model, picture = made(strided), noise(160, 144)
    network = AnySizeNetwork(device.open(channels_last(model), Feed(channels_last=True)), multiple=4)
    plan = network.plan(160, 144, memory)
    assert not isinstance(plan, PlannedWhole)
    bands: list[Tensor] = []
    for _ in network.translate([TensorSource(picture)], [bands.append], plan, CancelToken()):
        pass
    found, expected = np.concatenate(bands, axis=2), whole(onnx.load_model_from_string(model), device)
    np.testing.assert_allclose(found, expected.compute(picture, CancelToken()), atol=1e-3)


def test_a_size_that_a_network_has_no_layers_for_is_left_to_the_network_itself(device: Backend) -> None:
    """It is computed whole, as the network computes it, or refused where that takes too much."""
    network = any_size(doubled_to_the_size_of_the_picture(), device, multiple=1)
    assert not isinstance(network.plan(160, 160, sys.maxsize), PlannedWhole)
    assert isinstance(network.plan(161, 160, sys.maxsize), PlannedWhole)
    picture = noise(161, 160)
    assert factories.translated(network, picture).shape == picture.shape
    with pytest.raises(DoesNotFit):
        network.plan(161, 160, 1 << 20)


def doubled_to_the_size_of_the_picture() -> bytes:
    draft = Draft()
    x = draft.norm(draft.conv(INPUT, 3, strides=[2, 2], pads=[1] * 4))
    size = draft.add("Shape", INPUT, start=2, channels=1)
    return draft.model(draft.add("Resize", x, "", "", size, axes=[2, 3], mode="linear"))


@pytest.mark.parametrize("side", [20, 160], ids=["whole", "in pieces"])
@pytest.mark.parametrize("result", ["larger", "smaller", "fewer channels"])
def test_a_result_of_another_size_is_an_error(device: Backend, side: int, result: str) -> None:
    draft = Draft()
    x = draft.norm(INPUT)
    layers = {
        "larger": lambda: draft.grow(x),
        "smaller": lambda: draft.conv(x, 3),
        "fewer channels": lambda: draft.conv(x, 2, pads=[1] * 4),
    }
    network = any_size(draft.model(layers[result]()), device)
    assert isinstance(network.plan(side, side, sys.maxsize), PlannedWhole) == (side == 20)
    with pytest.raises(ValueError, match="The network answer"):
        factories.translated(network, noise(side, side))


def test_a_picture_too_small_for_pieces_is_planned_whole(device: Backend) -> None:
    """What onnxruntime says of it then is another matter: here it reflects more than there is, which is an error."""
    draft = Draft()
    model = draft.model(draft.conv(draft.pad(draft.norm(INPUT), 20), 3, 41))
    network = any_size(model, device, multiple=1)
    assert isinstance(network.plan(16, 2000, sys.maxsize), PlannedWhole)
    assert not isinstance(network.plan(100, 2000, sys.maxsize), PlannedWhole)
    with pytest.raises(DoesNotFit):
        network.plan(16, 2000, 1000)
