"""What a process trains with and whom it tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from training.computing.world import World
from training.data.cache import PictureCache
from training.running.progress import Progress


@dataclass(frozen=True)
class Environment:
    """Nothing here decides what is computed.

    ``abandoned`` says whether the program that started this one has closed its standard input.
    """

    device: torch.device
    world: World
    cache: PictureCache | None
    progress: Progress
    abandoned: Callable[[], bool]
