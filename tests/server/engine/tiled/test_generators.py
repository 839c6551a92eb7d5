"""Published architectures as torch's exporters write them, in tiles, against onnxruntime and against float64."""

from __future__ import annotations

import copy
from functools import cache

import numpy as np
import onnx
import pytest
import torch

from server.engine.network.arrays import Array
from server.engine.tiled.layout import CHANNELS_FIRST
from tests.server.engine.tiled.generators import GENERATORS, NOT_BY_THE_OLD_EXPORTER, exported, made
from tests.server.engine.tiled.running import Way, in_tiles, noise, read, whole

HEIGHT, WIDTH = 48, 64
WAYS = (
    Way(tile_room=1),
    Way(tile_room=1, room=0, layout=CHANNELS_FIRST),
    Way(tile_room=100_000, kept=np.float16),
)
BY_BOTH = [name for name in GENERATORS if name not in NOT_BY_THE_OLD_EXPORTER]


@cache
def right(name: str) -> Array:
    """In float64, by torch."""
    with torch.no_grad():
        found = copy.deepcopy(made(name)).double()(torch.from_numpy(noise(3, HEIGHT, WIDTH)).double())
    return np.asarray(found.numpy())


def agree(name: str, model: bytes, ways: tuple[Way, ...] = WAYS) -> None:
    picture = noise(3, HEIGHT, WIDTH)
    expected = whole(model, picture)
    scale = max(1, float(np.abs(expected).max()))
    for way in ways:
        found = in_tiles(model, picture, way) / scale
        tolerance = 5e-3 if way.kept is np.float16 else 1e-4
        np.testing.assert_allclose(found, expected / scale, atol=tolerance)
        np.testing.assert_allclose(found, right(name) / scale, atol=tolerance)


@pytest.mark.parametrize("name", BY_BOTH)
def test_generators_of_the_old_exporter_are_computed_in_tiles(name: str) -> None:
    agree(name, exported(made(name), 17, dynamo=False))


@pytest.mark.slow
@pytest.mark.parametrize("opset", [11, 13, 20])
@pytest.mark.parametrize("name", BY_BOTH)
def test_so_are_those_of_other_opsets(name: str, opset: int) -> None:
    agree(name, exported(made(name), opset, dynamo=False), WAYS[:1])


@pytest.mark.slow
@pytest.mark.parametrize("name", GENERATORS)
def test_generators_of_the_new_exporter_are_computed_in_tiles(name: str) -> None:
    agree(name, exported(made(name), 18, dynamo=True), WAYS[:1])


@pytest.mark.slow
@pytest.mark.parametrize("opset", [11, 13, 17, 20, 21])
def test_so_are_those_that_it_converts_to_other_opsets(opset: int) -> None:
    """What it cannot convert it leaves at 18. At 21 a group norm is one operation."""
    model = exported(made("resnet, group"), opset, dynamo=True)
    assert onnx.load_model_from_string(model).opset_import[0].version in (opset, 18)
    agree("resnet, group", model)


def test_a_u_net_whose_sizes_do_not_fit_is_refused_before_it_is_computed() -> None:
    network = read(exported(made("u-net, nearest"), 17, dynamo=False))
    network.sizes(48, 64)
    with pytest.raises(ValueError, match="46 x 64"):
        network.sizes(46, 64)
