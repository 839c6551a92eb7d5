"""The training loop: takes and records one step after another until the end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

from training.running.recording.recorder import Recorder
from training.running.trainer import Trainer


def train(trainer: Trainer, recorder: Recorder | None, images_seen: int, should_stop: Callable[[], bool]) -> int:
    """Trains from ``images_seen`` to the end, or until asked to stop. Returns the images seen.

    All processes call this together; the first has a recorder, which saves a checkpoint at the end or the stop. Raises
    InputError when a file of the run cannot be written, Diverged when losses, translations or weights are not finite,
    and what PyTorch raises when memory runs out; an earlier checkpoint is then the last one.
    """
    stop = trainer.world.agreed(should_stop())
    with recorder.recording(images_seen) if recorder else nullcontext():
        while images_seen < trainer.length.images and not stop:
            step = trainer.step(images_seen)
            images_seen = step.images_seen
            stop = trainer.world.agreed(should_stop())
            if recorder:
                recorder.record(step, stopped=stop)
    return images_seen
