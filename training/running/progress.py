"""What is told of a run as it goes: a bar for people, or lines of JSON for the program that started it."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from typing import Any, Never, TextIO

from pleinair.common.events import EventKind
from tqdm import tqdm

from training.computing.distributed import rank

KINDS = ("bar", "json")


class Progress:
    """Tells nothing, as the processes after the first do. ``images``: how many have been seen."""

    def started(self, images: int, total: int, device: str) -> None:
        """Training begins after ``images``, or begins again there."""

    def advanced(self, images: int) -> None:
        """After every step."""

    def step(self, images: int, losses: Mapping[str, float], seconds_left: float) -> None:
        """At most about once a second, with the mean losses since."""

    def preview(self, images: int, file: str) -> None:
        """``file`` is whole; its path is relative to the run's folder."""

    def checkpoint(self, images: int) -> None: ...

    def warning(self, sentence: str) -> None: ...

    def stopped(self, images: int | None = None) -> None:
        """Without ``images`` at once, so that the run goes on from its last checkpoint."""

    def finished(self, images: int, file: str) -> None:
        """``file`` is the filter, relative to the run's folder."""

    def failed(self, sentence: str) -> None: ...

    def close(self) -> None:
        """Training has ended, well or not; the others may still be told."""


class Bar(Progress):
    """Images, time left, images per second and losses on stderr; what else there is to say is printed elsewhere."""

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

    def warning(self, sentence: str) -> None:
        tqdm.write(f"warning: {sentence}", file=sys.stderr)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class JsonLines(Progress):
    """One object a line. A reader that has gone ends no training."""

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


@contextmanager
def telling(kind: str) -> Iterator[Progress]:
    """The progress of this kind. With ``json`` all else that is printed meanwhile goes to stderr."""
    if rank() > 0:
        with redirect_stdout(None):
            yield Progress()
    elif kind == "json":
        stdout = sys.stdout
        with redirect_stdout(sys.stderr):
            yield JsonLines(stdout)
    else:
        yield Bar()


def _discard(stream: TextIO) -> None:
    """What could not be written is still buffered, and failing to write it at the exit would change the exit code."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
