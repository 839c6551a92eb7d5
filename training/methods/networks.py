"""Builds the published generators and discriminators from options, for every method that uses them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn

from training.computing.world import ALONE, World
from training.config import FitConfig, MethodOptions
from training.networks.generator import Generator
from training.networks.patchgan import PatchGAN
from training.networks.resnet import ResnetGenerator
from training.networks.stylegan2 import StyleGAN2Discriminator, StyleGAN2Generator
from training.rules import COUNT, check, one_of, option

ARCHITECTURES = ("resnet", "stylegan2")


@dataclass(frozen=True, kw_only=True)
class NetworkOptions(MethodOptions):
    """Which networks a method trains; a method's own options may extend these."""

    architecture: str = option(
        "resnet", f"generator and discriminator: {' or '.join(ARCHITECTURES)} (SinCUT's)", one_of(ARCHITECTURES)
    )
    width: int = option(64, "channels of the generator's first convolution (stylegan2: its ngf)", COUNT)
    blocks: int = option(9, "residual blocks of the generator", COUNT)
    antialias: bool = option(True, "blur before every subsampling (resnet)")
    antialias_up: bool = option(True, "interpolate instead of transposed convolutions on the way up (resnet)")
    dropout: bool = option(False, "dropout in the residual blocks (resnet)")
    discriminator_width: int = option(
        64, "channels of the discriminator's first convolution (stylegan2: its ndf)", COUNT
    )

    def check(self, config: FitConfig) -> None:
        super().check(config)
        if self.architecture == "stylegan2":
            size = config.crop_size
            power = size & (size - 1) == 0
            check(power, "crop_size", size, "a power of two, for example 64, with --architecture stylegan2")

    @property
    def sizes(self) -> Mapping[str, int]:
        return {"width": self.width}


def build_generator(config: FitConfig, world: World = ALONE) -> Generator:
    """Builds the generator from source to target pictures that the run's NetworkOptions describe."""
    options = NetworkOptions.of(config)
    sizes = {
        "channels_in": config.source_channels,
        "channels_out": config.target_channels,
        "width": options.width,
        "blocks": options.blocks,
    }
    if options.architecture == "stylegan2":
        return StyleGAN2Generator(**sizes, crop_size=config.crop_size, world=world)
    return ResnetGenerator(
        **sizes, antialias=options.antialias, antialias_up=options.antialias_up, dropout=options.dropout
    )


def build_discriminator(config: FitConfig) -> nn.Module:
    """Builds the discriminator of target pictures that the run's NetworkOptions describe."""
    options = NetworkOptions.of(config)
    channels, width = config.target_channels, options.discriminator_width
    if options.architecture == "stylegan2":
        return StyleGAN2Discriminator(channels=channels, width=width, crop_size=config.crop_size)
    return PatchGAN(channels=channels, width=width, antialias=options.antialias)
