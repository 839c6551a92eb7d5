"""Writes losses and other measures of a run to metrics.jsonl and, on request, to TensorBoard."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from training.running.guard import Guard, check_losses
from training.running.recording.tensorboard import TensorBoard
from training.running.run import RunFolder

METRICS_SECONDS = 1.0  # losses are read from the device this often: reading them every step would make it wait


@dataclass
class RunningMeans:
    """Means of the losses since they were last taken, summed on the device."""

    sums: dict[str, Tensor] = field(default_factory=dict)
    steps: int = 0
    since: float = field(default_factory=time.monotonic)

    def add(self, losses: Mapping[str, Tensor]) -> None:
        """Adds the losses of a step."""
        self.sums = {name: self.sums[name] + loss if self.steps else loss for name, loss in losses.items()}
        self.steps += 1

    def age(self) -> float:
        """Returns the seconds since the means were last taken."""
        return time.monotonic() - self.since

    def take(self) -> dict[str, float]:
        """Returns the means and starts again. Waits for the device."""
        means = {name: total.item() / self.steps for name, total in self.sums.items()}
        self.sums, self.steps, self.since = {}, 0, time.monotonic()
        return means


@dataclass(frozen=True)
class MetricsWriter:
    """Takes the losses of every step, writes rows of their means, and passes these to the guard."""

    run: RunFolder
    guard: Guard
    tensorboard: TensorBoard | None = None
    losses: RunningMeans = field(default_factory=RunningMeans)

    @property
    def due(self) -> bool:
        """Whether the last row is about a second old."""
        return self.losses.age() >= METRICS_SECONDS

    def means(self, images_seen: int) -> dict[str, float]:
        """Returns the mean losses since the last call, and gives them to the guard. Raises Diverged."""
        steps, means = self.losses.steps, self.losses.take()
        check_losses(means, images_seen)
        self.guard.add(means, steps)
        return means

    def write(self, images_seen: int, values: Mapping[str, float]) -> None:
        """Adds a row. Raises InputError when it cannot be written."""
        rounded = {name: float(f"{value:.6g}") for name, value in values.items()}
        self.run.add_metrics({"images": images_seen, **rounded})
        if self.tensorboard:
            self.tensorboard.add(images_seen, values)
