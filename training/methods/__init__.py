"""What one training step is, per method."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor, nn

from training.computing.world import ALONE, World
from training.config import FitConfig
from training.methods.cut import Cut


class Method(Protocol):
    """What the training loop knows of a method."""

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """All that a checkpoint must hold, by name; ``generator`` is the one that is exported."""

    @property
    def optimisers(self) -> Mapping[str, torch.optim.Optimizer]: ...

    def step(self, source: Tensor, target: Tensor) -> dict[str, Tensor]:
        """One optimisation step on pictures (N, 3, H, W) in [-1, 1]; returns the losses as detached scalars."""

    def translate(self, source: Tensor) -> Tensor:
        """The generator's answer, without gradients, same shape."""


class Build(Protocol):
    """Makes a method of a run's options, newly initialised. Raises InputError for what cannot be built."""

    def __call__(self, config: FitConfig, device: torch.device, *, world: World = ALONE) -> Method: ...


# FastCUT is CUT with other options (paper, section 4), SinCUT with other networks and two more losses (section 5); the
# names are recorded in the filters that they train.
METHODS: dict[str, Build] = {"cut": Cut, "fastcut": Cut, "sincut": Cut}
