"""What is written for generators of any kind; test_export.py has the way from a checkpoint."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from tests.training.known import fill, picture
from training.filters.filter_file import write_filter
from training.networks.equalised import Noise
from training.networks.generator import Generator
from training.networks.resnet import ResnetGenerator
from training.networks.stylegan2 import StyleGAN2Generator


def answer(path: Path, image: Tensor) -> np.ndarray:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (translated,) = session.run(["translated"], {"image": image.numpy()})
    return np.asarray(translated)


def metadata(path: Path) -> dict[str, str]:
    return {entry.key: entry.value for entry in onnx.load(path).metadata_props}


def sincut() -> StyleGAN2Generator:
    """Filled, with loud noise, and loud enough to leave [-1, 1]."""
    generator = StyleGAN2Generator(width=1, blocks=4)
    fill(generator, scaled=False)
    for module in generator.modules():
        if isinstance(module, Noise):
            nn.init.ones_(module.weight)
    nn.init.constant_(generator.get_parameter("decoder.convs.3.1.bias"), 0.9)
    return generator


def test_sincuts_filter_is_deterministic_stays_in_range_and_needs_multiples_of_two(tmp_path: Path) -> None:
    generator = sincut()
    assert write_filter(generator, tmp_path / "a.onnx", about={}, sample=picture(1)) < 1e-4
    translated = answer(tmp_path / "a.onnx", picture(7, 18, 34))
    expected = generator.eval()(picture(7, 18, 34))
    assert expected.abs().max() > 1
    np.testing.assert_allclose(translated, expected.detach().clamp(-1, 1).numpy(), atol=1e-4)
    told = metadata(tmp_path / "a.onnx")
    assert told["pleinair.spatial_multiple"] == "2"
    assert told["pleinair.thumbnail"]


def test_sincuts_filter_can_be_of_half_precision(tmp_path: Path) -> None:
    assert 1e-6 < write_filter(sincut(), tmp_path / "a.onnx", about={}, half=True) < 2e-2


def test_a_grey_generator_takes_luma_and_gives_three_equal_channels(tmp_path: Path) -> None:
    generator = ResnetGenerator(channels_in=1, channels_out=1, width=2, blocks=1)
    fill(generator)
    write_filter(generator, tmp_path / "a.onnx", about={}, sample=picture(1, 16, 16)[:, :1])
    image = picture(7, 16, 20)
    luma = 0.299 * image[:, 0:1] + 0.587 * image[:, 1:2] + 0.114 * image[:, 2:3]
    expected = generator(luma).detach().expand(1, 3, 16, 20).numpy()
    np.testing.assert_allclose(answer(tmp_path / "a.onnx", image), expected, atol=1e-4)
    assert metadata(tmp_path / "a.onnx")["pleinair.thumbnail"]


@pytest.mark.parametrize(("channels_in", "channels_out", "ends"), [(3, 1, (3, 3)), (4, 2, (4, 2))])
def test_only_grey_ends_become_rgb(channels_in: int, channels_out: int, ends: tuple[int, int], tmp_path: Path) -> None:
    generator = ResnetGenerator(channels_in=channels_in, channels_out=channels_out, width=2, blocks=1)
    write_filter(generator, tmp_path / "a.onnx", about={}, sample=torch.zeros(1, channels_in, 16, 16))
    assert metadata(tmp_path / "a.onnx")["pleinair.thumbnail"]
    assert answer(tmp_path / "a.onnx", torch.zeros(2, ends[0], 16, 16)).shape == (2, ends[1], 16, 16)


def test_exporting_leaves_the_generator_in_training(tmp_path: Path) -> None:
    generator: Generator = ResnetGenerator(width=2, blocks=1, dropout=True, antialias=False, antialias_up=False)
    assert write_filter(generator, tmp_path / "a.onnx", about={}) < 1e-4
    assert generator.training
    assert next(generator.parameters()).dtype == torch.float32
