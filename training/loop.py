"""The training loop: steps, schedule, metrics, previews and checkpoints. It knows no method by name."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Never

import torch
from torch import Tensor
from tqdm import tqdm

from training.checkpoint import Checkpoint
from training.config import FitConfig
from training.data.folders import PictureFolder
from training.data.prefetch import PrefetchedBatches
from training.distributed import agreed, rank, world_size
from training.ema import GeneratorAverage
from training.events import Events
from training.guard import Guard, check_losses, check_weights, measures
from training.methods import Method
from training.preview import preview_png
from training.run import RunFolder
from training.schedule import Length
from training.score import Evaluate

METRICS_SECONDS = 1.0  # losses are read from the device this often: reading them every step would make it wait
PREVIEW_PICTURES = 4


@dataclass
class Training:
    """Everything that one run needs; ``average``, ``evaluate`` and ``events`` on request."""

    method: Method
    config: FitConfig
    batches: PrefetchedBatches
    data_fingerprint: str
    length: Length
    run: RunFolder
    device: torch.device
    guard: Guard
    average: GeneratorAverage | None = None
    evaluate: Evaluate | None = None
    events: Events | None = None
    _best: float = math.inf  # the lowest score so far

    def train(self, images_seen: int, should_stop: Callable[[], bool]) -> int:
        """Trains from ``images_seen`` to the end, or until asked to stop, and saves a checkpoint. Returns images seen.

        Raises InputError when a checkpoint cannot be written, OSError when another file of the run cannot, Diverged
        when losses, translations or weights are not finite; the last checkpoint is then from before.
        """
        losses = _RunningMeans()
        if self.evaluate:
            self._best = self.run.best_score()
        stop = agreed(should_stop())
        with _bar(self.length.images, images_seen) as bar:
            while images_seen < self.length.images and not stop:
                learning_rate = self._set_learning_rate(images_seen)
                losses.add(self._step(images_seen))
                images_seen += self.config.batch
                if self.average:
                    self.average.update(images_seen, self.config.batch)
                bar.update(min(self.config.batch, self.length.images - bar.n))
                stop = agreed(should_stop())
                if rank() == 0:
                    self._write(bar, images_seen, learning_rate, losses, stopped=stop)
        return images_seen

    def _write(
        self, bar: tqdm[Never], images_seen: int, learning_rate: float, losses: _RunningMeans, *, stopped: bool
    ) -> None:
        """What is due after a step. The checkpoint is last: a run killed before it writes the rest again."""
        ended = images_seen >= self.length.images
        last = stopped or ended
        evaluated = self.evaluate is not None and (ended or self._due(images_seen, self.config.evaluate_every))
        previewed = last or self._due(images_seen, self.config.preview_every)
        if last or evaluated or previewed or losses.age() >= METRICS_SECONDS:
            means = self._read(losses, images_seen)
            bar.set_postfix_str(" ".join(f"{name} {value:.3g}" for name, value in means.items()), refresh=False)
            seen = self._preview(images_seen) if previewed else {}
            score = {"swd": self._evaluate(images_seen)} if evaluated else {}
            self._tell(images_seen, {"learning_rate": learning_rate, **means, **seen, **score})
        if last or self._due(images_seen, self.config.checkpoint_every):
            self.run.save(self._checkpoint(images_seen))

    def _step(self, images_seen: int) -> dict[str, Tensor]:
        """One step on this process's share of the joint batch."""
        share = self.config.batch // world_size()
        source, target = self.batches.draw(images_seen + rank() * share, share)
        return self.method.step(source, target)

    def _set_learning_rate(self, images_seen: int) -> float:
        learning_rate = self.config.learning_rate * self.length.factor(images_seen)
        for optimiser in self.method.optimisers.values():
            for group in optimiser.param_groups:
                group["lr"] = learning_rate
        return learning_rate

    def _due(self, images_seen: int, every: int) -> bool:
        return images_seen // every > (images_seen - self.config.batch) // every

    def _read(self, losses: _RunningMeans, images_seen: int) -> dict[str, float]:
        steps, means = losses.steps, losses.take()
        check_losses(means, images_seen)
        self.guard.add(means, steps)
        return means

    def _tell(self, images_seen: int, values: dict[str, float]) -> None:
        self.run.add_metrics({"images": images_seen, **{name: float(f"{value:.6g}") for name, value in values.items()}})
        if self.events:
            self.events.add(images_seen, values)

    def _preview(self, images_seen: int) -> dict[str, float]:
        """Saves a preview and warns of what the guard sees in it. Returns the guard's measures."""
        sources, targets = (self._examples(folder) for folder in (self.batches.source, self.batches.target))
        translated = self._translate(sources)
        for warning in self.guard.look(images_seen, sources, translated):
            tqdm.write(f"warning: {warning}", file=sys.stderr)
        png = preview_png(sources, translated, targets)
        self.run.save_preview(images_seen, png)
        if self.events:
            self.events.add_preview(images_seen, png)
        return measures(sources, translated)

    def _translate(self, sources: Tensor) -> Tensor:
        """As the filter will, by the average if there is one. What it draws at random, training draws again."""
        devices = [self.device] if self.device.type == "cuda" else []
        averaged = self.average.in_use() if self.average else nullcontext()
        with averaged, torch.random.fork_rng(devices):
            return self.method.translate(sources.to(self.device)).cpu()

    def _evaluate(self, images_seen: int) -> float:
        """The score; the checkpoint is kept when there was no better one."""
        assert self.evaluate
        score = self.evaluate(self._translate)
        if score < self._best:
            self.run.save_best(self._checkpoint(images_seen, score))
            self._best = score
        return score

    def _checkpoint(self, images_seen: int, score: float | None = None) -> Checkpoint:
        """Raises Diverged when weights are not finite."""
        checkpoint = Checkpoint.of(
            self.method,
            self.config,
            images_seen=images_seen,
            sample=self._examples(self.batches.source)[:1],
            data_fingerprint=self.data_fingerprint,
            average=self.average,
            score=score,
        )
        check_weights(checkpoint.networks, images_seen)
        return checkpoint

    def _examples(self, folder: PictureFolder) -> Tensor:
        """A few pictures, evenly spread over the folder, cropped in the middle: (n, channels, h, w) in [-1, 1]."""
        return self.batches.examples(folder, PREVIEW_PICTURES)


def _bar(images: int, images_seen: int) -> tqdm[Never]:
    """Images, time left, images per second and losses on stderr."""
    seconds = 0.2 if sys.stderr.isatty() else 15.0  # between lines: a log is not a terminal
    return tqdm(total=images, initial=images_seen, unit="img", mininterval=seconds, disable=rank() > 0)


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
