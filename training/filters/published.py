"""Reads generators from the files that CUT's and CycleGAN's published code writes, such as ``latest_net_G.pth``, and
from checkpoints of other programs that hold such a generator.

The architecture is inferred from names and shapes, since the files hold nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from training.errors import InputError
from training.filters.parts import Weights, part_of, unwrappings
from training.filters.weights_file import WANTED, load_weights
from training.networks.equalised import Blur
from training.networks.generator import Generator
from training.networks.resample import BlurDown
from training.networks.resnet import ResnetGenerator
from training.networks.stylegan2 import StyleGAN2Generator, generator_channels

STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
_SIZES = (64, 128, 256, 512, 1024, 32, 16, 8)  # sizes that SinCUT may have been trained at, likely ones first


@dataclass(frozen=True)
class Published:
    generator: Generator
    method: str  # cut (CUT's and FastCUT's are one network), cyclegan or sincut
    part: str  # the name that the generator has in a checkpoint of several networks, or empty


@dataclass(frozen=True)
class _Plan:
    """An architecture, and by name the blur kernels that published files hold beside the weights."""

    method: str
    build: Callable[[], Generator]
    kernels: Mapping[str, Tensor]


def read_published(path: Path, *, part: str = "") -> Published:
    """Reads weights only, never runs code. ``part`` chooses among several generators. Raises InputError for any other
    file; it names the first key that does not fit."""
    name, weights = part_of(load_weights(path), path, part)
    _refuse_other_networks(weights, path)
    plan = _stylegan2(weights, path) if "encoder.convs.1.0.weight" in weights else _resnet(weights, path)
    with torch.device("meta"):  # shapes first: a damaged file may ask for more than the memory holds
        expected = plan.build()
    weights = _without_kernels(weights, plan.kernels, path)
    weights = _without_statistics(weights, expected)
    _check_fit(weights, expected.state_dict(), path)
    generator = plan.build()
    generator.load_state_dict(dict(weights))
    return Published(generator, plan.method, name)


def _refuse_other_networks(weights: Weights, path: Path) -> None:
    other = next((what for inner in unwrappings(weights) for is_one, what in _OTHERS if is_one(inner)), None)
    if other:
        raise InputError(f"{path} is {other}; name {WANTED}.")


def _has(*names: str) -> Callable[[Weights], bool]:
    return lambda weights: any(name in weights for name in names)


def _is_patchgan(weights: Weights) -> bool:
    first = weights.get("model.0.weight")
    return first is not None and first.ndim == 4 and not any("conv_block" in name for name in weights)


def _has_affine_norm(weights: Weights) -> bool:
    first = weights.get("model.2.weight")
    return first is not None and first.ndim == 1


_OTHERS: tuple[tuple[Callable[[Weights], bool], str], ...] = (
    (_has("mlp_0.0.weight"), "the projection head of PatchNCE (net_F), which takes no pictures"),
    (_has("final_linear.0.weight", "final_conv.0.weight"), "StyleGAN2's discriminator (net_D), which judges pictures"),
    (_has("model.model.0.weight", "model.model.1.model.1.weight"), "a U-Net generator, which is not supported"),
    (_is_patchgan, "a PatchGAN discriminator (net_D), which judges pictures"),
    (_has_affine_norm, "a network with batch normalisation or weights in its norms, which is not supported"),
)


def _resnet(weights: Weights, path: Path) -> _Plan:
    """Infers CUT's or CycleGAN's generator. Missing layers count as the published default; _check_fit names them."""
    blocks = _positions(weights, r"model\.(\d+)\.conv_block\.")
    if not blocks:
        first = next(iter(weights))
        raise InputError(
            f"{path} has no residual blocks (its first key is {first!r}, expected 'model.1.weight'); name {WANTED}."
        )
    antialias = "model.8.weight" in weights or "model.7.weight" not in weights
    start, end = 12 if antialias else 10, blocks[-1] + 1
    antialias_up = f"model.{end}.weight" not in weights
    last = end + (9 if antialias_up else 7)
    build = partial(
        ResnetGenerator,
        channels_in=_axis(weights, "model.1.weight", 1, 3),
        channels_out=_axis(weights, f"model.{last}.weight", 0, 3),
        width=_axis(weights, "model.1.weight", 0, 64),
        blocks=max(1, min(end - start, len(weights))),
        antialias=antialias,
        antialias_up=antialias_up,
        dropout=any(name.startswith(f"model.{blocks[0]}.conv_block.6.w") for name in weights),
    )
    down, up = BlurDown(1).kernel[0, 0], Blur(1, padding=1, gain=4).kernel[0, 0]
    kernels = {f"model.{place}.filt": down for place in (7, 11) if antialias}
    kernels |= {f"model.{place}.filt": up for place in (end, end + 4) if antialias_up}
    return _Plan("cut" if antialias else "cyclegan", build, kernels)


def _stylegan2(weights: Weights, path: Path) -> _Plan:
    """Infers SinCUT's generator, "stylegan2" or "smallstylegan2", with any number of halvings."""
    encoder = _positions(weights, r"encoder\.convs\.(\d+)\.")
    halves = _positions(weights, r"encoder\.convs\.(\d+)\.skip\.") or [2]
    doubles = _positions(weights, r"decoder\.convs\.(\d+)\.conv\.") or [encoder[-1] - 1 - len(halves)]
    channels = [_axis(weights, "encoder.convs.1.0.weight", 0, 80)]
    for place in halves:  # by default channels double, so that a missing layer is reported as missing
        channels.append(_axis(weights, f"encoder.convs.{place}.conv2.1.weight", 0, 2 * channels[-1]))
    width, crop_size = _width_and_size(channels, path)
    build = partial(
        StyleGAN2Generator,
        channels_in=_axis(weights, "encoder.convs.1.0.weight", 1, 3),
        channels_out=_axis(weights, f"decoder.convs.{doubles[-1] + 1}.0.weight", 0, 3),
        width=width,
        crop_size=crop_size,
        blocks=min(encoder[-1] - 1 - len(halves) + doubles[0], len(weights)),
        halvings=len(halves),
    )
    blur, up = Blur(1, padding=1).kernel[0, 0], Blur(1, padding=1, gain=4).kernel[0, 0]
    kernels = {f"encoder.convs.{place}.{part}.0.kernel": blur for place in halves for part in ("conv2", "skip")}
    kernels |= {f"decoder.convs.{place}.conv.blur.kernel": up for place in doubles}
    return _Plan("sincut", build, kernels)


def _width_and_size(channels: list[int], path: Path) -> tuple[int, int]:
    """Returns the first width and training size that give these channels; others that do give the same network."""
    for size in _SIZES:
        width = round(channels[0] * size / 512)
        if width >= 1 and generator_channels(width, size, len(channels) - 1) == channels:
            return width, size
    raise InputError(
        f"{path} has {' and '.join(map(str, channels))} channels in encoder.convs.1.0.weight and the halvings after it,"
        " which no --ngf and --crop_size of SinCUT give; name an unchanged file of the published code."
    )


def _positions(weights: Weights, pattern: str) -> list[int]:
    found = (re.match(pattern, name) for name in weights)
    return sorted({int(match[1]) for match in found if match})


def _axis(weights: Weights, name: str, axis: int, default: int) -> int:
    """Returns the length of a convolution's axis, or the default when there is no such convolution."""
    weight = weights.get(name)
    return max(1, weight.shape[axis]) if weight is not None and weight.ndim == 4 else default


def _without_kernels(weights: Weights, kernels: Mapping[str, Tensor], path: Path) -> Weights:
    for name, kernel in kernels.items():
        value = weights.get(name)
        fits = value is None or (
            value.shape[-2:] == kernel.shape
            and _is_finite(value)
            and torch.allclose(value.float(), kernel.expand_as(value), atol=1e-4)
        )
        if not fits:
            row = " ".join(f"{level:g}" for level in kernel[0] / kernel[0, 0])
            raise InputError(
                f"{path}: {name} is not the published code's blur, {row}; only generators with that one can be"
                " converted."
            )
    return {name: value for name, value in weights.items() if name not in kernels}


def _without_statistics(weights: Weights, network: nn.Module) -> Weights:
    """Removes the running statistics that old versions of PyTorch saved for instance normalisation, which does not use
    them."""
    norms = {name for name, module in network.named_modules() if isinstance(module, nn.InstanceNorm2d)}
    unused = {f"{norm}.{statistic}" for norm in norms for statistic in STATISTICS}
    return {name: value for name, value in weights.items() if name not in unused}


def _is_finite(value: Tensor) -> bool:
    plain = value.is_floating_point() and value.layout == torch.strided and value.device.type == "cpu"
    return plain and bool(value.isfinite().all())


def _check_fit(weights: Weights, expected: Weights, path: Path) -> None:
    """Raises InputError for the first key, in the network's order, that is missing, has another shape, is not finite or
    is unexpected."""
    for name, value in expected.items():
        shape = " x ".join(map(str, value.shape))
        if name not in weights:
            raise InputError(f"{path}: {name} ({shape}) is missing; name {WANTED} that is whole.")
        if weights[name].shape != value.shape:
            seen = " x ".join(map(str, weights[name].shape)) or "a single number"
            raise InputError(f"{path}: {name} is {seen}, expected {shape}; name {WANTED}.")
        if not _is_finite(weights[name]):
            raise InputError(
                f"{path}: {name} holds values that are not finite numbers; name a file from before training diverged."
            )
    extra = next((name for name in weights if name not in expected), None)
    if extra is not None:
        raise InputError(f"{path}: unexpected key {extra[:100]!r}; name {WANTED}.")
