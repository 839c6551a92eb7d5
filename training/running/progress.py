"""Reports of a run as it goes: a bar for people, or lines of JSON for the program that started it."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Mapping
from typing import Any, Never, TextIO

from pleinair.common.events import EventKind
from tqdm import tqdm

from training.computing.world import World

KINDS = ("bar", "json")


class Progress:
    """What can be reported; this one reports nothing. ``images`` is always how many have been seen so far."""

    def started(self, images: int, total: int, device: str) -> None:
        """Training begins after ``images`` of ``total`` images; again after memory ran out."""

    def advanced(self, images: int) -> None:
        """A step is done."""

    def step(self, images: int, losses: Mapping[str, float], seconds_left: float) -> None:
        """About once a second: the mean losses since the last time, and how long the rest takes."""

    def preview(self, images: int, file: str) -> None:
        """A preview is in ``file``, a path relative to the run's folder."""

    def checkpoint(self, images: int) -> None:
        """A checkpoint is saved."""

    def note(self, text: str) -> None:
        """Something good to know, in a sentence or in lines."""

    def warning(self, sentence: str) -> None:
        """Something may be wrong; ``sentence`` has neither a capital nor a full stop."""

    def stopped(self, images: int | None = None) -> None:
        """The run was stopped after ``images``, or at once (None), with nothing saved since the last checkpoint."""

    def finished(self, images: int, file: str) -> None:
        """The filter is in ``file``, a path relative to the run's folder."""

    def failed(self, sentence: str) -> None:
        """The run has ended for the reason that ``sentence`` gives."""

    def close(self) -> None:
        """Training has ended, well or not; notes and the run's end may still follow."""


class Bar(Progress):
    """Images, time left, images per second, losses and warnings on stderr, notes on stdout."""

    def __init__(self) -> None:
        self._bar: tqdm[Never] | None = None
        self._total = 0

    def started(self, images: int, total: int, device: str) -> None:
        self._total = total
        seconds = 0.2 if sys.stderr.isatty() else 15.0  # between lines: a log is not a terminal
        self._bar = tqdm(total=total, initial=images, unit="img", mininterval=seconds)

    def advanced(self, images: int) -> None:
        if self._bar is not None:
            self._bar.update(min(images, self._total) - self._bar.n)

    def step(self, images: int, losses: Mapping[str, float], seconds_left: float) -> None:
        if self._bar is not None:
            shown = " ".join(f"{name} {value:.3g}" for name, value in losses.items())
            self._bar.set_postfix_str(shown, refresh=False)

    def note(self, text: str) -> None:
        print(text, flush=True)

    def warning(self, sentence: str) -> None:
        tqdm.write(f"warning: {sentence}", file=sys.stderr)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class JsonLines(Progress):
    """One JSON object a line on ``stream``; notes and warnings on stderr too. Training outlives its reader."""

    def __init__(self, stream: TextIO) -> None:
        self._stream: TextIO | None = stream
        self._kept = 0  # images of the last checkpoint

    def started(self, images: int, total: int, device: str) -> None:
        self._kept = images
        self._tell(EventKind.STARTED, images=images, total=total, device=device)

    def step(self, images: int, losses: Mapping[str, float], seconds_left: float) -> None:
        rounded = {name: float(f"{value:.6g}") for name, value in losses.items()}
        self._tell(EventKind.STEP, images=images, losses=rounded, seconds_left=round(seconds_left, 1))

    def preview(self, images: int, file: str) -> None:
        self._tell(EventKind.PREVIEW, images=images, file=file)

    def checkpoint(self, images: int) -> None:
        self._kept = images
        self._tell(EventKind.CHECKPOINT, images=images)

    def note(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def warning(self, sentence: str) -> None:
        self._tell(EventKind.WARNING, sentence=sentence)
        print(f"warning: {sentence}", file=sys.stderr)

    def stopped(self, images: int | None = None) -> None:
        self._tell(EventKind.STOPPED, images=self._kept if images is None else images)

    def finished(self, images: int, file: str) -> None:
        self._tell(EventKind.FINISHED, images=images, filter=file)

    def failed(self, sentence: str) -> None:
        self._tell(EventKind.FAILED, sentence=sentence)

    def _tell(self, event: EventKind, **values: Any) -> None:
        if self._stream is None:
            return
        try:
            print(json.dumps({"event": event, **values}), file=self._stream, flush=True)
        except (OSError, ValueError):
            _discard(self._stream)
            self._stream = None


def choose_progress(kind: str, world: World) -> Progress:
    """The progress of this kind in the first process, and none in the others."""
    if not world.is_first:
        return Progress()
    return JsonLines(sys.stdout) if kind == "json" else Bar()


def _discard(stream: TextIO) -> None:
    """Sends what is still buffered nowhere: failing to write it at the exit would change the exit code."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
