"""What the rest of training knows of a method: how it is described, and what it can do once it is built."""

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
    """Networks that learn, and how: newly initialised, it is what ``MethodSpec.build`` returns."""

    @property
    def generators(self) -> Mapping[str, Generator]:
        """Those that can be exported, by their names in ``MethodSpec.generators``; they are among ``networks``."""

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """All that a checkpoint must hold, by name."""

    @property
    def optimisers(self) -> Mapping[str, torch.optim.Optimizer]:
        """By name; the loop sets their learning rates."""

    def step(self, source: Tensor, target: Tensor) -> dict[str, Tensor]:
        """One optimisation step on source and target pictures, each (n, its channels, h, w) in [-1, 1].

        Returns the losses by name, as detached scalars.
        """

    def translate(self, source: Tensor) -> Tensor:
        """The primary generator's answer to (n, source channels, h, w) in [-1, 1], as a filter gives it.

        (n, target channels, h, w) in [-1, 1], without gradients.
        """


@dataclass(frozen=True)
class Exported:
    """A generator that becomes a filter. ``backwards``: it turns target pictures into source pictures."""

    build: Callable[[FitConfig], Generator]  # that network alone, newly initialised on the CPU
    backwards: bool = False


def _watch_translations(config: FitConfig) -> Watch:
    """For methods without adversaries."""
    return Watch()


def _nothing_to_refuse(config: FitConfig) -> None:
    """For methods whose options say all that can be wrong."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MethodSpec:
    """Everything about a method that is known without building it.

    ``presets`` are flat options by preset name, both common ones and the method's own; their ``method``, by default
    ``name``, is the name that config.json and filters record. ``for_single_pictures`` are the presets that learn from
    a painting and a photo, which servers offer; their default comes first.
    """

    name: str
    summary: str  # one sentence, for --help
    options: type[MethodOptions]
    presets: Mapping[str, Mapping[str, Any]]
    build: Callable[[FitConfig, torch.device, World], Method]
    generators: Mapping[str, Exported]
    primary: str  # among the generators: the one that previews, scores and filters show unless asked otherwise
    watch: Callable[[FitConfig], Watch] = _watch_translations  # what the guard reads and advises
    check: Callable[[FitConfig], None] = _nothing_to_refuse  # raises InputError for what cannot be built; takes no time
    for_single_pictures: Sequence[str] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names that runs of this method are recorded by."""
        recorded = (values.get("method", self.name) for values in self.presets.values())
        return tuple(dict.fromkeys((self.name, *recorded)))
