"""Long work on the thread that talks to GIMP: run to its end by a procedure, or as a task beside an open window."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from gi.repository import GLib

from ..core import steps as base
from ..core.steps import WAIT, WAIT_MILLISECONDS, Result, Steps

_TELL_SECONDS = 0.1


def finish(steps: Steps[Result], tell: Callable[[], object] = lambda: None) -> Result:
    """Runs the steps to their end and returns their result. While they wait, the main loop runs, so that progress is
    shown and the desktop does not take us for dead, and ``tell`` is called up to ten times a second."""
    context = GLib.MainContext.default()
    timer = GLib.timeout_add(WAIT_MILLISECONDS, lambda: True)
    told = 0.0
    try:
        while True:
            if next(steps) is WAIT:
                context.iteration(True)
                if time.monotonic() - told > _TELL_SECONDS:
                    told = time.monotonic()
                    tell()
    except StopIteration as finished:
        result: Result = finished.value
        return result
    finally:
        GLib.source_remove(timer)
        steps.close()


def until(condition: Callable[[], bool]) -> Steps[None]:
    """Waits until ``condition``, which something else brings about, is true."""
    while not condition():
        yield WAIT


def post(call: Callable[[], object]) -> None:
    """Runs ``call`` on the thread that talks to GIMP. May be called from any thread."""
    GLib.idle_add(_once, call)


class Task(base.Task):
    """Runs steps on the main loop while a window is open."""

    def __init__(self, steps: Steps[Any], *, done: Callable[[Any], None], failed: Callable[[Exception], None]) -> None:
        super().__init__(steps, _Timer, done=done, failed=failed)


class _Timer:
    def __init__(self, call: Callable[[], None]) -> None:
        self._call = call
        self._source = 0

    def start(self, milliseconds: int) -> None:
        self._source = GLib.timeout_add(milliseconds, self._fire)

    def end(self) -> None:
        if self._source:
            GLib.source_remove(self._source)
            self._source = 0

    def _fire(self) -> bool:
        self._source = 0
        self._call()
        return False


def _once(call: Callable[[], object]) -> bool:
    call()
    return False
