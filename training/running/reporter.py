"""Reports the progress of a run: a bar for people, or lines of JSON for the program that started it."""

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


class Reporter:
    """All that can be reported; this class reports nothing. ``images`` is always how many have been seen so far."""

    def started(self, images: int, total: int, device: str) -> None:
        """Reports that training begins after ``images`` of ``total`` images, or begins again after memory ran out."""

    def advanced(self, images: int) -> None:
        """Reports that a step is done."""

    def step(self, images: int, losses: Mapping[str, float], seconds_left: float) -> None:
        """Reports, about once a second, the mean losses since the last report and how long the rest will take."""

    def preview(self, images: int, file: str) -> None:
        """Reports a preview in ``file``, a path relative to the run's folder."""

    def checkpoint(self, images: int) -> None:
        """Reports that a checkpoint is saved."""

    def note(self, text: str) -> None:
        """Reports something worth knowing, in a sentence or several lines."""

    def warning(self, sentence: str) -> None:
        """Reports that something may be wrong; ``sentence`` has neither a capital nor a full stop."""

    def stopped(self, images: int | None = None) -> None:
        """Reports that the run was stopped after ``images``, or at once (None), keeping only its last checkpoint."""

    def finished(self, images: int, file: str) -> None:
        """Reports that the run is finished and its filter is in ``file``, a path relative to the run's folder."""

    def failed(self, sentence: str) -> None:
        """Reports that the run has ended for the reason that ``sentence`` gives."""

    def close(self) -> None:
        """Ends the reports of steps, whether training went well or not; notes and the run's end may still follow."""


class Bar(Reporter):
    """Shows images, time left, images per second, losses and warnings on stderr, and notes on stdout."""

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


class JsonLines(Reporter):
    """Writes one JSON object a line to ``stream``, notes to stderr and warnings to both. Training continues when nobody
    reads ``stream`` any more."""

    def __init__(self, stream: TextIO) -> None:
        self._stream: TextIO | None = stream
        self._kept = 0  # images seen at the last checkpoint

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


def choose_reporter(kind: str, world: World) -> Reporter:
    """Returns a reporter of this kind in the first process, and one that reports nothing in the others."""
    if not world.is_first:
        return Reporter()
    return JsonLines(sys.stdout) if kind == "json" else Bar()


def _discard(stream: TextIO) -> None:
    """Lets what is still buffered disappear: failing to write it at the exit would change the exit code."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
