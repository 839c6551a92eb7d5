"""What all methods build their steps from: Adam, a step down a loss's gradient, a filter's translation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from training.computing.precision import Precision
from training.computing.world import World
from training.config import FitConfig


class Descent:
    """Networks that learn, by name, each with its own Adam with the run's learning rate and momenta."""

    def __init__(
        self, config: FitConfig, precision: Precision, networks: Mapping[str, nn.Module], world: World
    ) -> None:
        self.networks, self._world = networks, world
        self.optimisers = {name: _adam(config, precision, network) for name, network in networks.items()}

    def down(self, loss: Tensor, names: Sequence[str]) -> None:
        """Takes one step of these networks down the gradient of a scalar loss, averaged over all processes."""
        for name in names:
            self.optimisers[name].zero_grad(set_to_none=True)
        loss.backward()
        self._world.average_gradients([self.networks[name] for name in names])
        for name in names:
            self.optimisers[name].step()


@torch.no_grad()
def translate(generator: nn.Module, pictures: Tensor) -> Tensor:
    """Translates (n, c, h, w) as a filter does: no noise, no dropout, within [-1, 1]. Leaves the generator training."""
    generator.eval()
    translated: Tensor = generator(pictures).clamp(-1, 1)
    generator.train()
    return translated


def _adam(config: FitConfig, precision: Precision, network: nn.Module) -> torch.optim.Optimizer:
    betas = (config.beta1, config.beta2)
    return torch.optim.Adam(network.parameters(), lr=config.learning_rate, betas=betas, fused=precision.fused_optimiser)
