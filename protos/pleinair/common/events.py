"""The events that a training program reports to the program that started it.

``training.fit --progress json`` prints one JSON object a line. Its ``event`` is one of these kinds; the comment beside
each lists its other keys.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class EventKind(StrEnum):
    """The kinds of events. Readers ignore kinds and keys that they do not know."""

    STARTED = "started"  # images, total: whole numbers; device: text
    STEP = "step"  # images; losses: numbers by name; seconds_left: number
    PREVIEW = "preview"  # images; file: path within the run's folder
    CHECKPOINT = "checkpoint"  # images
    WARNING = "warning"  # sentence: text
    STOPPED = "stopped"  # images
    FINISHED = "finished"  # images; filter: path within the run's folder
    FAILED = "failed"  # sentence


class ExitStatus(IntEnum):
    """The exit statuses of training.fit; a 2 without an event is argparse's, for options that it does not know."""

    FINISHED = 0
    BAD_INPUT = 2
    DIVERGED = 3
    INTERRUPTED = 130
