"""The network that is measured, as PyTorch and as a filter, and pictures for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from tests.benchmarks.serving.setting import IDENTIFIER, Setting
from training.data.synthetic import make_scene, render_painting
from training.export import export_filter
from training.methods.cut.step import Cut
from training.methods.registry import preset_config
from training.networks.resnet import ResnetGenerator
from training.running.checkpoint import Checkpoint

_CONTRAST = 0.5  # standard deviation of the last layer's values before tanh, about that of a trained filter
_SCENE = 1024  # pixels of a side; larger pictures repeat it


def write_network(setting: Setting) -> None:
    """Both files of the setting: weights as training begins with, the last layer's scaled to a picture's contrast.

    Untrained weights would give a grey picture, in which an answer that is wrong could not be seen.
    """
    torch.manual_seed(0)
    method = Cut(preset_config("cut", width=setting.width, blocks=setting.blocks), torch.device("cpu"))
    generator = method.generator
    sample = _to_tensor(picture(64))
    _scale_contrast(generator, sample)
    torch.save(generator.state_dict(), setting.weights_path)
    checkpoint = Checkpoint.of(method, method.config, images_seen=0, sample=sample, data_fingerprint="")
    export_filter(checkpoint, setting.filter_path, identifier=IDENTIFIER, half=setting.precision == "float16")


def open_generator(setting: Setting) -> nn.Module:
    """The generator with the written weights, on the setting's device, in float32."""
    generator = ResnetGenerator(width=setting.width, blocks=setting.blocks)
    generator.load_state_dict(torch.load(setting.weights_path, weights_only=True))
    return generator.eval().requires_grad_(False).to(setting.device)


def picture(side: int) -> np.ndarray:
    """A painted landscape, side x side x 3, uint8, the same at every call; above 1024 it is repeated."""
    rng = np.random.default_rng(0)
    scene_side = min(side, _SCENE)
    painted = render_painting(make_scene(rng, scene_side, scene_side), rng)
    repeats = -(-side // scene_side)
    return np.ascontiguousarray(np.tile(painted, (repeats, repeats, 1))[:side, :side])


def write_picture(path: Path, side: int) -> None:
    np.save(path, picture(side))


def _scale_contrast(generator: nn.Module, sample: Tensor) -> None:
    last = [layer for layer in generator.modules() if isinstance(layer, nn.Conv2d)][-1]
    with torch.no_grad():
        values = torch.atanh(generator(sample).clamp(-0.999, 0.999))
        last.weight *= _CONTRAST / values.std()


def _to_tensor(pixels: np.ndarray) -> Tensor:
    """H x W x 3 uint8 to (1, 3, H, W) in [-1, 1]."""
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 127.5 - 1
