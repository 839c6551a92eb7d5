"""The training loop: steps, schedule, metrics, previews and checkpoints. It knows no method by name."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Never

import torch
from torch import Tensor
from tqdm import tqdm

from training.checkpoint import Checkpoint
from training.config import FitConfig
from training.data.folders import PictureFolder
from training.data.prefetch import PrefetchedBatches
from training.methods import Method
from training.preview import preview_png
from training.run import RunFolder
from training.schedule import Length

METRICS_SECONDS = 1.0  # losses are read from the device this often: reading them every step would make it wait
PREVIEW_PICTURES = 4


@dataclass(frozen=True)
class Training:
    """Everything that one run needs."""

    method: Method
    config: FitConfig
    batches: PrefetchedBatches
    data_fingerprint: str
    length: Length
    run: RunFolder
    device: torch.device

    def train(self, images_seen: int, should_stop: Callable[[], bool]) -> int:
        """Trains from ``images_seen`` to the end, or until asked to stop, and saves a checkpoint. Returns images seen.

        Raises InputError when a checkpoint cannot be written, OSError when another file of the run cannot.
        """
        start = images_seen
        losses = _RunningMeans()
        seconds = 0.2 if sys.stderr.isatty() else 15.0  # between lines: a log is not a terminal
        with tqdm(total=self.length.images, initial=images_seen, unit="img", mininterval=seconds) as bar:
            while images_seen < self.length.images and not should_stop():
                learning_rate = self._set_learning_rate(images_seen)
                losses.add(self._step(images_seen))
                images_seen += self.config.batch
                bar.update(min(self.config.batch, self.length.images - bar.n))
                if losses.age() >= METRICS_SECONDS or images_seen >= self.length.images:
                    self._report(bar, images_seen, learning_rate, losses.take())
                if self._due(images_seen, self.config.preview_every):
                    self._save_preview(images_seen)
                if self._due(images_seen, self.config.checkpoint_every):
                    self._save_checkpoint(images_seen)
        if images_seen > start:
            self._save_preview(images_seen)
            self._save_checkpoint(images_seen)
        return images_seen

    def _step(self, images_seen: int) -> dict[str, Tensor]:
        source, target = self.batches.draw(images_seen, self.config.batch)
        return self.method.step(source, target)

    def _set_learning_rate(self, images_seen: int) -> float:
        learning_rate = self.config.learning_rate * self.length.factor(images_seen)
        for optimiser in self.method.optimisers.values():
            for group in optimiser.param_groups:
                group["lr"] = learning_rate
        return learning_rate

    def _due(self, images_seen: int, every: int) -> bool:
        return images_seen // every > (images_seen - self.config.batch) // every

    def _report(self, bar: tqdm[Never], images_seen: int, learning_rate: float, losses: dict[str, float]) -> None:
        row = {"images": images_seen, "learning_rate": learning_rate, **losses}
        self.run.add_metrics({name: float(f"{value:.6g}") for name, value in row.items()})
        bar.set_postfix_str(" ".join(f"{name} {value:.3g}" for name, value in losses.items()), refresh=False)

    def _save_preview(self, images_seen: int) -> None:
        sources, targets = (self._examples(folder) for folder in (self.batches.source, self.batches.target))
        translated = self.method.translate(sources.to(self.device)).cpu()
        self.run.save_preview(images_seen, preview_png(sources, translated, targets))

    def _save_checkpoint(self, images_seen: int) -> None:
        sample = self._examples(self.batches.source)[:1]
        checkpoint = Checkpoint.of(
            self.method,
            self.config,
            images_seen=images_seen,
            sample=sample,
            data_fingerprint=self.data_fingerprint,
        )
        self.run.save(checkpoint)

    def _examples(self, folder: PictureFolder) -> Tensor:
        """A few pictures, evenly spread over the folder, cropped in the middle: (n, channels, h, w) in [-1, 1]."""
        return self.batches.examples(folder, PREVIEW_PICTURES)


@dataclass
class _RunningMeans:
    """Means of the losses since they were last taken, summed on the device."""

    sums: dict[str, Tensor] = field(default_factory=dict)
    steps: int = 0
    since: float = field(default_factory=time.monotonic)

    def add(self, losses: dict[str, Tensor]) -> None:
        self.sums = {name: self.sums[name] + loss if self.steps else loss for name, loss in losses.items()}
        self.steps += 1

    def age(self) -> float:
        """Seconds since the means were last taken."""
        return time.monotonic() - self.since

    def take(self) -> dict[str, float]:
        means = {name: total.item() / self.steps for name, total in self.sums.items()}
        self.sums, self.steps, self.since = {}, 0, time.monotonic()
        return means
