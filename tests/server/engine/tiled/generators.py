"""Published architectures, as small as they can be with every kind of layer that they have; random weights."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.networks.stylegan2 import StyleGAN2Generator

Norm = Callable[[int], nn.Module]


def exported(network: nn.Module, opset: int, *, dynamo: bool) -> bytes:
    """The network as torch's new exporter (``dynamo``) or the one before it writes it, of any height and width."""
    example = torch.zeros(1, 3, 64, 48)
    names: dict[str, Any] = {"input_names": ["image"], "output_names": ["translated"], "opset_version": opset}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        if dynamo:
            sides = {2: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}
            made = torch.onnx.export(network, (example,), dynamo=True, dynamic_shapes=(sides,), verbose=False, **names)
            assert made is not None
            return bytes(made.model_proto.SerializeToString())
        axes = {"image": {0: "n", 2: "h", 3: "w"}, "translated": {0: "n", 2: "h", 3: "w"}}
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "generator.onnx"
            torch.onnx.export(network, (example,), file, dynamo=False, dynamic_axes=axes, **names)
            return file.read_bytes()


def batch(channels: int) -> nn.Module:
    norm = nn.BatchNorm2d(channels)
    _learn(norm)
    return norm


def tracked(channels: int) -> nn.Module:
    """Instance normalisation by statistics that were stored in training, as older configurations had it."""
    norm = nn.InstanceNorm2d(channels, affine=False, track_running_stats=True)
    _learn(norm)
    return norm


def group(channels: int) -> nn.Module:
    norm = nn.GroupNorm(4, channels)
    _learn(norm)
    return norm


def _learn(norm: nn.Module) -> None:
    for name, values in norm.state_dict().items():
        if values.is_floating_point():
            (values.normal_() if name in ("bias", "running_mean") else values.uniform_(0.5, 2))


class Sum(nn.Module):
    """The picture added to what the layers make of it."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = x + self.layers(x)
        return found


def resnet(norm: Norm, pad: Callable[[int], nn.Module] = nn.ReflectionPad2d) -> nn.Module:
    """CycleGAN's and CUT's."""

    def layers(inside: int, outside: int, size: int) -> list[nn.Module]:
        return [pad(size // 2), nn.Conv2d(inside, outside, size), norm(outside)]

    return nn.Sequential(
        *layers(3, 8, 7),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, 2, 1),
        norm(16),
        nn.ReLU(),
        Sum(*layers(16, 16, 3), nn.ReLU(), nn.Dropout(), *layers(16, 16, 3)),
        nn.ConvTranspose2d(16, 8, 3, 2, 1, 1),
        norm(8),
        nn.ReLU(),
        pad(3),
        nn.Conv2d(8, 3, 7),
        nn.Tanh(),
    )


class Skip(nn.Module):
    """One level of pix2pix's U-Net: down, what lies below, and up again beside what came in."""

    def __init__(self, channels: int, below: nn.Module, norm: Norm) -> None:
        super().__init__()
        self.down = nn.Sequential(nn.LeakyReLU(0.2), nn.Conv2d(channels, 8, 4, 2, 1), norm(8), below, nn.ReLU())
        self.up = nn.Sequential(nn.ConvTranspose2d(16 if isinstance(below, Skip) else 8, 8, 4, 2, 1), norm(8))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.up(self.down(x))], 1)


def pix2pix(norm: Norm) -> nn.Module:
    inner = Skip(8, Skip(8, nn.Identity(), norm), norm)
    ends = nn.Conv2d(3, 8, 4, 2, 1), nn.ConvTranspose2d(16, 3, 4, 2, 1)
    return nn.Sequential(ends[0], inner, nn.ReLU(), ends[1], nn.Tanh())


class UNet(nn.Module):
    """With interpolation to the sizes of the layers that it joins."""

    def __init__(self, norm: Norm, mode: str) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 8, 3, 1, 1), norm(8), nn.ReLU())
        self.second = nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(8, 8, 3, 1, 1), norm(8), nn.ReLU())
        self.third = nn.Sequential(nn.Conv2d(8, 8, 3, 2, 1), norm(8), nn.SiLU())
        self.joined, self.last = nn.Conv2d(16, 8, 3, 1, 1), nn.Conv2d(16, 3, 3, 1, 1)
        self.mode: dict[str, Any] = {"mode": mode} | ({} if mode == "nearest" else {"align_corners": False})

    def forward(self, x: Tensor) -> Tensor:
        first = self.first(x)
        second = self.second(first)
        up = F.interpolate(self.third(second), size=second.shape[2:], **self.mode)
        up = self.joined(torch.cat([second, up], 1))
        up = F.interpolate(up, size=(x.size(2), x.size(3)), **self.mode)
        return torch.tanh(self.last(torch.cat([first, up], 1)))


class Up(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2, mode="nearest")


def johnson() -> nn.Module:
    """Fast neural style."""
    norm, pad = partial(nn.InstanceNorm2d, affine=True), nn.ReflectionPad2d
    down = [pad(4), nn.Conv2d(3, 8, 9), norm(8), nn.ReLU(), pad(1), nn.Conv2d(8, 16, 3, 2), norm(16), nn.ReLU()]
    up = [Up(), pad(1), nn.Conv2d(16, 8, 3), norm(8), nn.ReLU(), pad(4), nn.Conv2d(8, 3, 9)]
    return nn.Sequential(*down, *up)


def pixel_shuffle() -> nn.Module:
    """SRVGG's body at the picture's own size."""
    body = [nn.Conv2d(12, 16, 3, 1, 1), nn.PReLU(16), nn.Conv2d(16, 12, 3, 1, 1)]
    return Sum(nn.PixelUnshuffle(2), *body, nn.PixelShuffle(2))


class Dense(nn.Module):
    """ESRGAN's block: every convolution sees all maps before it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Conv2d(channels + 4 * number, 4, 3, 1, 1) for number in range(3)])
        self.last = nn.Conv2d(channels + 12, channels, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        maps = [x]
        for layer in self.layers:
            maps.append(F.leaky_relu(layer(torch.cat(maps, 1)), 0.2))
        found: Tensor = x + 0.2 * self.last(torch.cat(maps, 1))
        return found


def esrgan() -> nn.Module:
    ends = nn.Conv2d(48, 16, 3, 1, 1), nn.Conv2d(16, 3, 3, 1, 1)
    return nn.Sequential(nn.PixelUnshuffle(4), ends[0], Dense(16), Up(), nn.LeakyReLU(0.2), Up(), ends[1])


class Excited(nn.Module):
    """Squeeze and excite with linear layers, and the mean of the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 16, 3, 1, 1), nn.Conv2d(16, 3, 3, 1, 1)
        self.gate = nn.Sequential(nn.Linear(16, 4), nn.ReLU(), nn.Linear(4, 16), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.first(x))
        gate = self.gate(F.adaptive_avg_pool2d(y, 1).view(y.size(0), y.size(1))).view(y.size(0), y.size(1), 1, 1)
        found: Tensor = self.last(y * gate.expand_as(y)) + x.mean((2, 3), keepdim=True)
        return found


class LayerNorm(nn.Module):
    """MUNIT's, over channels, rows and columns."""

    def forward(self, x: Tensor) -> Tensor:
        flat = x.view(x.size(0), -1)
        mean, deviation = (value.view(-1, 1, 1, 1) for value in (flat.mean(1), flat.std(1)))
        return (x - mean) / (deviation + 1e-5)


class ChannelsLast(nn.Module):
    """ConvNeXt's: a norm and two matrices for every pixel's channels."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.LayerNorm(16), nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16))

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.layers(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return found


def _between(layer: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 16, 3, 1, 1), layer, nn.Conv2d(16, 3, 3, 1, 1))


GENERATORS: dict[str, Callable[[], nn.Module]] = {
    "resnet, instance": lambda: resnet(nn.InstanceNorm2d),
    "resnet, batch": lambda: resnet(batch, nn.ZeroPad2d),
    "resnet, group": lambda: resnet(group),
    "resnet, stored": lambda: resnet(tracked),
    "pix2pix, instance": lambda: pix2pix(nn.InstanceNorm2d),
    "pix2pix, batch": lambda: pix2pix(batch),
    "u-net, bilinear": lambda: UNet(group, "bilinear"),
    "u-net, nearest": lambda: UNet(batch, "nearest"),
    "u-net, bicubic": lambda: UNet(nn.InstanceNorm2d, "bicubic"),
    "fast neural style": johnson,
    "pixel shuffle": pixel_shuffle,
    "esrgan": esrgan,
    "squeeze and excite": Excited,
    "munit": lambda: _between(LayerNorm()),
    "channels last": lambda: _between(Sum(ChannelsLast())),
    "stylegan2": lambda: StyleGAN2Generator(width=4, blocks=2, crop_size=16).exportable(),
}

NOT_BY_THE_OLD_EXPORTER = ("resnet, stored", "channels last", "stylegan2")
"""The first two it refuses itself, where height and width may be any, and the third is only exported by the new one."""


def made(name: str) -> nn.Module:
    """A generator, ready to translate, the same each time."""
    torch.manual_seed(0)
    network = GENERATORS[name]()
    return network.eval()
