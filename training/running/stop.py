"""Lets a run be asked to stop, by a signal or by the end of its standard input."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

STDIN = 0


def stop_on_signal() -> Callable[[], bool]:
    """Returns a function that says whether Ctrl-C or SIGTERM has come; a second one raises KeyboardInterrupt."""
    stopped = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True
        signal.signal(number, signal.default_int_handler)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    return lambda: stopped


def stop_at_end_of(file: int = STDIN) -> Callable[[], bool]:
    """Starts to read the file descriptor, and returns a function that says whether its end has been reached.

    The pipe from the program that started this one ends when that program closes it or dies, whatever the cause and
    the platform.
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
