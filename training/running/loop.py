"""The training loop: steps, schedule, metrics, previews and checkpoints. It knows no method by name."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field

import torch
from torch import Tensor

from training.computing.distributed import agreed, rank, world_size
from training.config import FitConfig
from training.data.folders import PictureFolder
from training.data.prefetch import PrefetchedBatches
from training.methods.method import Method
from training.running.checkpoint import Checkpoint
from training.running.ema import GeneratorAverages
from training.running.events import Events
from training.running.guard import Guard, check_losses, check_weights, measures
from training.running.pace import Pace, TimeLeft
from training.running.preview import picture_png, preview_png
from training.running.progress import Progress
from training.running.run import RunFolder
from training.running.schedule import Length
from training.running.score import Evaluate
from training.running.whole import Whole

METRICS_SECONDS = 1.0  # losses are read from the device this often: reading them every step would make it wait
PREVIEW_PICTURES = 4


@dataclass
class Training:
    """Everything that one run needs; ``average``, ``evaluate`` and ``events`` on request.

    ``sample`` (1, c, h, w) in [-1, 1] is for the filter's thumbnail. Previews show ``whole``, if it is given, rather
    than a few crops.
    """

    method: Method
    config: FitConfig
    batches: PrefetchedBatches
    data_fingerprint: str
    length: Length
    run: RunFolder
    device: torch.device
    guard: Guard
    progress: Progress
    sample: Tensor
    whole: Whole | None = None
    average: GeneratorAverages | None = None
    evaluate: Evaluate | None = None
    events: Events | None = None
    _best: float = math.inf  # the lowest score so far
    _previews: Pace = field(init=False)
    _checkpoints: Pace = field(init=False)
    _time_left: TimeLeft = field(init=False)

    def train(self, images_seen: int, should_stop: Callable[[], bool]) -> int:
        """Trains from ``images_seen`` to the end, or until asked to stop, and saves a checkpoint. Returns images seen.

        Raises InputError when a file of the run cannot be written, Diverged when losses, translations or weights are
        not finite, and what PyTorch raises when memory does not suffice; the last checkpoint is then from before.
        """
        losses = _RunningMeans()
        if self.evaluate:
            self._best = self.run.best_score()
        stop = agreed(should_stop())
        self._begin(images_seen)
        try:
            while images_seen < self.length.images and not stop:
                learning_rate = self._set_learning_rate(images_seen)
                losses.add(self._step(images_seen))
                images_seen += self.config.batch
                if self.average:
                    self.average.update(images_seen, self.config.batch)
                self.progress.advanced(images_seen)
                self._time_left.stepped(images_seen)
                stop = agreed(should_stop())
                if rank() == 0:
                    self._write(images_seen, learning_rate, losses, stopped=stop)
        finally:
            self.progress.close()
        return images_seen

    def _begin(self, images_seen: int) -> None:
        if self.whole is not None and rank() == 0:
            self.run.save_source(picture_png(self.whole.picture))
        self.progress.started(images_seen, self.length.images, str(self.device))
        self._previews = Pace(self.config.preview_seconds, thinning=True)
        self._checkpoints = Pace(self.config.checkpoint_seconds)
        self._time_left = TimeLeft(images_seen, self.length.images)

    def _write(self, images_seen: int, learning_rate: float, losses: _RunningMeans, *, stopped: bool) -> None:
        """What is due after a step. The checkpoint is last: a run killed before it writes the rest again."""
        ended = images_seen >= self.length.images
        last = stopped or ended
        evaluated = self.evaluate is not None and (ended or self._due(images_seen, self.config.evaluate_every))
        # Previews by time may take long, and who stops a run does not wait for another one, nor always lets it go on.
        by_count = not self._previews.seconds
        due = by_count if stopped else self._due(images_seen, self.config.preview_every, self._previews)
        previewed = ended or due
        if last or evaluated or previewed or losses.age() >= METRICS_SECONDS:
            means = self._read(losses, images_seen)
            self.progress.step(images_seen, means, self._time_left.seconds(images_seen))
            seen = self._preview(images_seen, last=last) if previewed else {}
            score = {"swd": self._evaluate(images_seen)} if evaluated else {}
            self._tell(images_seen, {"learning_rate": learning_rate, **means, **seen, **score})
        if last or self._due(images_seen, self.config.checkpoint_every, self._checkpoints):
            with self._time_left.paused(), self._checkpoints.measured():
                self.run.save(self._checkpoint(images_seen))
            self.progress.checkpoint(images_seen)

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

    def _due(self, images_seen: int, every: int, pace: Pace | None = None) -> bool:
        """By time where there is a pace that says how often, else by pictures."""
        if pace and pace.seconds:
            return pace.due
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

    def _preview(self, images_seen: int, *, last: bool) -> dict[str, float]:
        """Saves a preview and warns of what the guard sees in it. Returns the guard's measures."""
        sources, targets = (self._examples(folder) for folder in (self.batches.source, self.batches.target))
        with self._time_left.paused(), self._previews.measured():
            translated = self._translate(sources)
            for warning in self.guard.look(images_seen, sources, translated):
                self.progress.warning(warning)
            png = preview_png(sources, translated, targets) if self.whole is None else self._whole_png(self.whole, last)
            file = self.run.save_preview(images_seen, png)
        self.progress.preview(images_seen, file)
        if self.events:
            self.events.add_preview(images_seen, png)
        return measures(sources, translated)

    def _whole_png(self, whole: Whole, last: bool) -> bytes:
        early = self._previews.first and not last and self.device.type == "cpu"
        translated = whole.sketched if early else whole.translated
        return picture_png(translated(self._translate, self.progress.warning))

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
            sample=self.sample,
            data_fingerprint=self.data_fingerprint,
            average=self.average,
            score=score,
        )
        check_weights(checkpoint.networks, images_seen)
        return checkpoint

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
