"""How a run is asked to stop: by a signal, or by the end of its standard input."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

STDIN = 0


def stop_on_signal() -> Callable[[], bool]:
    """Ctrl-C and SIGTERM end training after the current step, with a checkpoint; a second one ends it at once."""
    stopped = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True
        signal.signal(number, signal.default_int_handler)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    return lambda: stopped


def stop_at_end_of(file: int = STDIN) -> Callable[[], bool]:
    """Whether the file descriptor has come to its end, read from now on.

    The pipe from a program that started this one ends when that program closes it or dies, by whatever cause and on
    every platform.
    """
    ended = threading.Event()

    def read() -> None:
        try:
            while os.read(file, 4096):  # not sys.stdin, whose lock a waiting thread would hold at the exit
                pass
        except OSError:  # there is no standard input
            pass
        ended.set()

    threading.Thread(target=read, name="end of input", daemon=True).start()
    return ended.is_set
