"""Exponential moving averages of generators' weights, which are steadier than any single step's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor, nn


def averaged(generator: str) -> str:
    """Returns the name of this generator's average among a checkpoint's networks."""
    return f"{generator}_ema"


class GeneratorAverage:
    """The average of a generator's weights, in float32 on its device. It starts as the generator's weights.

    ``decay`` is what remains of the average per picture seen: after n pictures, ``batch`` of them in the last step,
    average <- a average + (1 - a) weights, where a = min(decay, (1 + n) / (10 + n)) ** batch. The bound, which rises
    with n, keeps the first, random weights from lasting in short runs.
    """

    def __init__(self, generator: nn.Module, decay: float) -> None:
        self.generator, self.decay = generator, decay
        self.average = {name: weight.float().clone() for name, weight in generator.state_dict().items()}

    @torch.no_grad()
    def update(self, images_seen: int, batch: int) -> None:
        """Adds the generator's weights after a step of ``batch`` pictures, which ``images_seen`` includes."""
        kept = min(self.decay, (1 + images_seen) / (10 + images_seen)) ** batch
        weights = [weight.float() for weight in self.generator.state_dict().values()]
        torch._foreach_lerp_(list(self.average.values()), weights, 1 - kept)

    def load(self, average: Mapping[str, Tensor]) -> None:
        """Takes the average from a checkpoint. Raises KeyError or RuntimeError when it is another generator's."""
        for name, own in self.average.items():
            own.copy_(average[name])

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Gives the generator the averaged weights within the block, and its own back afterwards, bit for bit."""
        own = {name: weight.clone() for name, weight in self.generator.state_dict().items()}
        self.generator.load_state_dict(self.average)
        try:
            yield
        finally:
            self.generator.load_state_dict(own)


class GeneratorAverages:
    """The averages of all of a method's generators, under the names that ``averaged`` gives; ``decay`` is as for a
    GeneratorAverage."""

    def __init__(self, generators: Mapping[str, nn.Module], decay: float) -> None:
        self._each = {averaged(name): GeneratorAverage(generator, decay) for name, generator in generators.items()}

    @property
    def networks(self) -> Mapping[str, Mapping[str, Tensor]]:
        """The averaged weights, for a checkpoint."""
        return {name: one.average for name, one in self._each.items()}

    def update(self, images_seen: int, batch: int) -> None:
        """Updates each average after a step of ``batch`` pictures, which ``images_seen`` includes."""
        for one in self._each.values():
            one.update(images_seen, batch)

    def load(self, networks: Mapping[str, Mapping[str, Tensor]]) -> None:
        """Takes the averages from a checkpoint's networks. Raises KeyError or RuntimeError when they do not fit."""
        for name, one in self._each.items():
            one.load(networks[name])

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Gives the generators the averaged weights within the block, and their own back afterwards, bit for bit."""
        with ExitStack() as until_the_end:
            for one in self._each.values():
                until_the_end.enter_context(one.in_use())
            yield
