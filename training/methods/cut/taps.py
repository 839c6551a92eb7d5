"""Chooses the layers of the generator that PatchNCE compares."""

from __future__ import annotations

import torch

from training.config import FitConfig
from training.errors import InputError
from training.methods.cut.options import CutOptions
from training.methods.networks import build_generator
from training.networks.generator import Generator


def chosen_taps(taps: str, generator: Generator) -> tuple[int, ...]:
    """Returns the positions in ``layers()`` that ``--taps`` means. Raises InputError for a layer that is too late."""
    every = generator.default_taps()
    if taps == "all":
        return every
    if taps == "last":
        return every[-1:]
    chosen = tuple(sorted({int(tap) for tap in taps.split(",")}))
    if chosen[-1] > every[-1]:
        raise InputError(
            f"--taps is {taps!r}, but PatchNCE compares layers up to {every[-1]} here, usually "
            f"{','.join(map(str, every))}; leave later ones out."
        )
    return chosen


def check_taps(config: FitConfig) -> None:
    """Raises InputError for taps that the run's generator does not have; takes no memory for its weights."""
    with torch.device("meta"):
        chosen_taps(CutOptions.of(config).taps, build_generator(config))
