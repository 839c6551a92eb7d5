"""From options to networks."""

from __future__ import annotations

from torch import nn

from training.config import FitConfig
from training.errors import InputError
from training.networks.patchgan import PatchGAN
from training.networks.resnet import ResnetGenerator, default_taps

Generator = ResnetGenerator


def build_generator(config: FitConfig) -> Generator:
    """The generator that the options describe, newly initialised."""
    return ResnetGenerator(width=config.width, blocks=config.blocks)


def build_discriminator(config: FitConfig) -> nn.Module:
    """The discriminator that the options describe, newly initialised."""
    return PatchGAN(width=config.discriminator_width)


def chosen_taps(config: FitConfig, generator: Generator) -> tuple[int, ...]:
    """The layers that PatchNCE compares. Raises InputError for a layer that the generator does not have."""
    every = default_taps(config.blocks)
    if config.taps == "all":
        return every
    if config.taps == "last":
        return every[-1:]
    taps = tuple(sorted({int(tap) for tap in config.taps.split(",")}))
    if taps[-1] > every[-1]:
        raise InputError(
            f"--taps is {config.taps!r}, but the generator's encoder ends at layer {every[-1]}; "
            f"its usual taps are {','.join(map(str, every))}."
        )
    return taps
