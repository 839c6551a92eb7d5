"""An exponential moving average of the generator's weights, which is steadier than any single step's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

NAME = "generator_ema"  # among a checkpoint's networks


class GeneratorAverage:
    """float32, on the generator's device. Starts as the generator's weights.

    ``decay`` is what remains of the average per picture seen: after n pictures, ``batch`` of them in the last step,
    average <- a average + (1 - a) weights, where a = min(decay, (1 + n) / (10 + n)) ** batch. The bound that rises
    with n keeps the first, random weights out of short runs.
    """

    def __init__(self, generator: nn.Module, decay: float) -> None:
        self.generator, self.decay = generator, decay
        self.average = {name: weight.float().clone() for name, weight in generator.state_dict().items()}

    @torch.no_grad()
    def update(self, images_seen: int, batch: int) -> None:
        """After a step; ``images_seen`` counts its pictures too."""
        kept = min(self.decay, (1 + images_seen) / (10 + images_seen)) ** batch
        weights = [weight.float() for weight in self.generator.state_dict().values()]
        torch._foreach_lerp_(list(self.average.values()), weights, 1 - kept)

    def load(self, average: Mapping[str, Tensor]) -> None:
        """Raises KeyError or RuntimeError when it is another generator's."""
        for name, own in self.average.items():
            own.copy_(average[name])

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """The generator has the averaged weights meanwhile, and its own again afterwards, bit for bit."""
        own = {name: weight.clone() for name, weight in self.generator.state_dict().items()}
        self.generator.load_state_dict(self.average)
        try:
            yield
        finally:
            self.generator.load_state_dict(own)
