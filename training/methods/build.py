"""From options to networks."""

from __future__ import annotations

from torch import nn

from training.computing.world import ALONE, World
from training.config import FitConfig
from training.errors import InputError
from training.networks.generator import Generator
from training.networks.patchgan import PatchGAN
from training.networks.resnet import ResnetGenerator
from training.networks.stylegan2 import StyleGAN2Discriminator, StyleGAN2Generator


def build_generator(config: FitConfig, world: World = ALONE) -> Generator:
    """The generator that the options describe, newly initialised."""
    sizes = {
        "channels_in": config.source_channels,
        "channels_out": config.target_channels,
        "width": config.width,
        "blocks": config.blocks,
    }
    if config.architecture == "stylegan2":
        return StyleGAN2Generator(**sizes, crop_size=config.crop_size, world=world)
    return ResnetGenerator(
        **sizes, antialias=config.antialias, antialias_up=config.antialias_up, dropout=config.dropout
    )


def build_discriminator(config: FitConfig) -> nn.Module:
    """The discriminator that the options describe, newly initialised."""
    channels, width = config.target_channels, config.discriminator_width
    if config.architecture == "stylegan2":
        return StyleGAN2Discriminator(channels=channels, width=width, crop_size=config.crop_size)
    return PatchGAN(channels=channels, width=width, antialias=config.antialias)


def chosen_taps(config: FitConfig, generator: Generator) -> tuple[int, ...]:
    """The layers that PatchNCE compares. Raises InputError for a layer that the generator does not have."""
    every = generator.default_taps()
    if config.taps == "all":
        return every
    if config.taps == "last":
        return every[-1:]
    taps = tuple(sorted({int(tap) for tap in config.taps.split(",")}))
    if taps[-1] > every[-1]:
        raise InputError(
            f"--taps is {config.taps!r}, but PatchNCE compares layers up to {every[-1]} here, usually "
            f"{','.join(map(str, every))}; leave later ones out."
        )
    return taps
