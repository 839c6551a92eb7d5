"""What a process trains with, and where it reports its progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from training.computing.world import World
from training.data.cache import PictureCache
from training.running.reporter import Reporter


@dataclass(frozen=True)
class Environment:
    """The surroundings of a run, which do not decide what is computed.

    ``abandoned`` returns whether the program that started this one has closed this one's standard input.
    """

    device: torch.device
    world: World
    cache: PictureCache | None
    reporter: Reporter
    abandoned: Callable[[], bool]
