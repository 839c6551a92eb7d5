"""What the rest of training knows about a method: how it is described, and what it can do once it is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from training.computing.world import World
from training.config import FitConfig, MethodOptions
from training.methods.watch import Watch
from training.networks.generator import Generator


class Method(Protocol):
    """Networks that learn, and how they do. ``MethodSpec.build`` returns it newly initialised."""

    @property
    def generators(self) -> Mapping[str, Generator]:
        """The networks that can be exported, by their names in ``MethodSpec.generators``; ``networks`` has them too."""

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """All modules that a checkpoint must hold, by name."""

    @property
    def optimisers(self) -> Mapping[str, torch.optim.Optimizer]:
        """The optimisers by name; the loop sets their learning rates."""

    def step(self, source: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Takes one optimisation step on source and target pictures, each (n, its channels, h, w) in [-1, 1].

        Returns the losses by name, as detached scalars.
        """

    def translate(self, source: Tensor) -> Tensor:
        """Translates (n, source channels, h, w) in [-1, 1] by the primary generator, as a filter does.

        Returns (n, target channels, h, w) in [-1, 1], without gradients.
        """


@dataclass(frozen=True)
class Exported:
    """A generator that can become a filter. With ``backwards`` it turns target pictures into source pictures."""

    build: Callable[[FitConfig], Generator]  # that network alone, newly initialised on the CPU
    backwards: bool = False


def _watch_translations(config: FitConfig) -> Watch:
    """Returns the default, for methods without adversaries."""
    return Watch()


def _nothing_to_refuse(config: FitConfig) -> None:
    """Raises nothing, for methods whose options already check all that can be wrong."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MethodSpec:
    """Everything about a method that is known without building it.

    ``presets`` are flat options by preset name, both common ones and the method's own; their ``method``, by default
    ``name``, is the name that config.json and filters record. ``for_single_pictures`` lists the presets that learn from
    one painting and one photo, which servers offer, the default first.
    """

    name: str
    summary: str  # one sentence, for --help
    options: type[MethodOptions]
    presets: Mapping[str, Mapping[str, Any]]
    build: Callable[[FitConfig, torch.device, World], Method]
    generators: Mapping[str, Exported]
    primary: str  # the generator that previews, scores and filters show unless asked otherwise
    watch: Callable[[FitConfig], Watch] = _watch_translations  # what the guard reads and advises
    check: Callable[[FitConfig], None] = _nothing_to_refuse  # raises InputError for what cannot be built; takes no time
    for_single_pictures: Sequence[str] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names under which runs of this method are recorded."""
        recorded = (values.get("method", self.name) for values in self.presets.values())
        return tuple(dict.fromkeys((self.name, *recorded)))
