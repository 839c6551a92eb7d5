"""Trained filters give a real picture the same result in pieces as whole, whatever the memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from server.engine.any_size import AnySizeNetwork
from server.engine.backend import Settings
from server.engine.cancel import CancelToken
from server.engine.feed import Feed, Precision
from server.engine.onnxruntime.backend import OnnxruntimeBackend
from server.engine.onnxruntime.loaded import OnnxruntimeNetwork
from server.engine.provider import Provider
from server.engine.source import TensorSource
from tests.processes import python

MIB = 1 << 20

Picture = NDArray[np.float32]


@pytest.fixture(scope="module")
def device() -> OnnxruntimeBackend:
    return OnnxruntimeBackend(Provider.CPU, Settings())


@pytest.fixture(scope="module")
def painting(real_data: Path) -> Picture:
    """1 x 3 x 966 x 1200, -1 to 1. Its height is no multiple of four."""
    image = Image.open(real_data / "trainA" / "monet.jpg").convert("RGB")
    return np.asarray(image, np.float32).transpose(2, 0, 1)[None] / np.float32(127.5) - 1


@pytest.fixture(scope="module", params=["fastcut_run", "cyclegan_run"])
def trained(request: pytest.FixtureRequest) -> Path:
    run: Path = request.getfixturevalue(request.param)
    return run


def whole(loaded: OnnxruntimeNetwork, picture: Picture) -> Picture:
    """By onnxruntime, in one run of the graph as it was exported, padded and cropped by hand."""
    height, width = picture.shape[2:]
    padded = np.pad(picture, ((0, 0), (0, 0), (0, -height % 4), (0, -width % 4)), mode="reflect")
    return loaded.whole.compute(padded, CancelToken())[:, :, :height, :width]


def in_pieces(network: AnySizeNetwork, picture: Picture, memory: int) -> tuple[Picture, list[float]]:
    rows: list[Picture] = []
    plan = network.plan(picture.shape[2], picture.shape[3], memory)
    assert plan.pieces > 1
    assert plan.memory_bytes <= memory
    steps = list(network.translate([TensorSource(picture)], [rows.append], plan, CancelToken()))
    assert len(steps) == plan.pieces
    return np.concatenate(rows, axis=2), steps


def levels(one: Picture, other: Picture) -> float:
    """The greatest difference of 8-bit values."""
    eight = [np.rint((values.clip(-1, 1) + 1) * 127.5) for values in (one, other)]
    return float(np.abs(eight[0] - eight[1]).max())


# Room for everything at full precision, for what is kept at half precision only, and for nothing but a file.
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("memory", "height"), [(2048 * MIB, 966), (160 * MIB, 966), (16 * MIB, 322)])
def test_pieces_give_the_whole_pictures_result(
    trained: Path, painting: Picture, memory: int, height: int, device: OnnxruntimeBackend
) -> None:
    loaded = device.open((trained / "filter.onnx").read_bytes(), Feed())
    part = painting[:, :, :height]
    result, steps = in_pieces(AnySizeNetwork(loaded, multiple=4), part, memory)
    expected = whole(loaded, part)
    assert result.shape == part.shape
    assert levels(result, expected) <= 1
    assert np.abs(result - expected).max() < 1 / 127.5
    assert steps == sorted(steps)
    assert steps[-1] == pytest.approx(1)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_pieces_of_a_half_precision_filter_give_the_whole_pictures_result(
    trained: Path, painting: Picture, device: OnnxruntimeBackend, tmp_path: Path
) -> None:
    python("training.export", str(trained), "-o", str(tmp_path / "half.onnx"), "--fp16")
    loaded = device.open((tmp_path / "half.onnx").read_bytes(), Feed(precision=Precision.FLOAT16))
    part = np.ascontiguousarray(painting[:, :, :480, :640])
    result, _ = in_pieces(AnySizeNetwork(loaded, multiple=4), part, 48 * MIB)
    assert levels(result, whole(loaded, part)) <= 2
