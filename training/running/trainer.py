"""A method in training: its steps, its learning rate and the average of its weights."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from training.computing.world import World
from training.config import FitConfig
from training.data.prefetch import PrefetchedBatches
from training.methods.method import Method
from training.running.ema import GeneratorAverages
from training.running.schedule import Length


@dataclass(frozen=True)
class Step:
    """A step that is done. ``images_seen`` includes its own images; ``losses`` are scalars on the device."""

    images_seen: int
    learning_rate: float
    losses: Mapping[str, Tensor]


@dataclass(frozen=True)
class Trainer:
    """Computes everything in a run. It knows no method by name, and writes nothing."""

    method: Method
    config: FitConfig
    batches: PrefetchedBatches
    length: Length
    world: World
    average: GeneratorAverages | None = None

    def step(self, images_seen: int) -> Step:
        """Takes the step after ``images_seen`` images, on this process's share of the joint batch."""
        learning_rate = self._set_learning_rate(images_seen)
        share = self.world.share_of(self.config.batch)
        source, target = self.batches.draw(images_seen + share.start, len(share))
        losses = self.method.step(source, target)
        images_seen += self.config.batch
        if self.average:
            self.average.update(images_seen, self.config.batch)
        return Step(images_seen, learning_rate, losses)

    def translate(self, sources: Tensor) -> Tensor:
        """Translates pictures (n, c, h, w) in [-1, 1] as the filter will, by the average if there is one.

        The result is on the CPU. The states of the random generators are left as they were.
        """
        device = self.batches.device
        averaged = self.average.in_use() if self.average else nullcontext()
        with averaged, torch.random.fork_rng([device] if device.type == "cuda" else []):
            return self.method.translate(sources.to(device)).cpu()

    def _set_learning_rate(self, images_seen: int) -> float:
        learning_rate = self.config.learning_rate * self.length.factor(images_seen)
        for optimiser in self.method.optimisers.values():
            for group in optimiser.param_groups:
                group["lr"] = learning_rate
        return learning_rate
