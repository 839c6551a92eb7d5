"""Long work on the interface thread, in slices that nobody notices.

Krita's pixels may be touched on that thread only. Work is a generator: it yields after every small piece, and yields
WAIT when there is nothing to do until something elsewhere has moved on.
"""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Callable, Generator
from typing import Any, TypeVar

from .guard import guarded
from .qt import QTimer

WAIT = "wait"
SLICE_SECONDS = 0.012
WAIT_MILLISECONDS = 20

Result = TypeVar("Result")
Steps = Generator[Any, None, Result]


class Task:
    """Runs the steps to their end, then calls ``done`` with the result or ``failed`` with the exception."""

    def __init__(
        self, steps: Steps[Any], *, done: Callable[[Any], None], failed: Callable[[Exception], None], parent: Any
    ) -> None:
        self._steps = steps
        self._done = done
        self._failed = failed
        self._ended = False
        self._timer = QTimer(parent)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(guarded(self._go_on))
        self._timer.start(0)

    def stop(self) -> None:
        """Nothing of it runs after this; neither ``done`` nor ``failed`` is called."""
        if not self._ended:
            self._end()
            if inspect.getgeneratorstate(self._steps) != inspect.GEN_RUNNING:  # else a step stops its own task
                self._steps.close()

    def _go_on(self) -> None:
        end = time.monotonic() + SLICE_SECONDS
        pause = 0
        try:
            while time.monotonic() < end:
                pause = WAIT_MILLISECONDS if next(self._steps) is WAIT else 0
                if self._ended:
                    self._steps.close()
                    return
                if pause:
                    break
        except StopIteration as finished:
            self._finish(self._done, finished.value)
        except Exception as error:
            self._finish(self._failed, error)
        else:
            self._timer.start(pause)

    def _finish(self, tell: Callable[[Any], None], outcome: Any) -> None:
        if not self._ended:
            self._end()
            tell(outcome)

    def _end(self) -> None:
        self._ended = True
        self._timer.stop()
        self._timer.deleteLater()


def elsewhere(work: Callable[[], Result]) -> Steps[Result]:
    """Steps that wait while ``work``, which must not touch Krita, runs on a thread. Raises what it raises."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.extend((work(), None))
        except BaseException as error:
            outcome.extend((None, error))

    thread = threading.Thread(target=run, name="pleinair-work", daemon=True)
    thread.start()
    while thread.is_alive():
        yield WAIT
    result, error = outcome
    if error is not None:
        raise error
    return result  # type: ignore[no-any-return]
