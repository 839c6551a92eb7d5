"""Long work on an editor's interface thread, in slices that are too short to notice.

Pixels may be accessed on that thread only. Work is a generator: it yields after every small piece, and yields WAIT when
it can only wait for something elsewhere. A plug-in that stays loaded runs it as a Task; one that is called for a single
action runs it to its end.
"""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Callable, Generator
from typing import Any, Protocol, TypeVar

WAIT = "wait"
SLICE_SECONDS = 0.012
WAIT_MILLISECONDS = 20

Result = TypeVar("Result")
Steps = Generator[Any, None, Result]


class Timer(Protocol):
    """Makes one call on the interface thread, ``milliseconds`` after each ``start``."""

    def start(self, milliseconds: int) -> None: ...

    def end(self) -> None:
        """Cancels a call that is still to come. The timer is not started again."""


class Task:
    """Runs steps to their end on a timer's calls, then calls ``done`` with the result or ``failed`` with the error."""

    def __init__(
        self,
        steps: Steps[Any],
        timer: Callable[[Callable[[], None]], Timer],
        *,
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._steps = steps
        self._done = done
        self._failed = failed
        self._ended = False
        self._timer = timer(self._go_on)
        self._timer.start(0)

    def stop(self) -> None:
        """Ends the task: no step runs after this, and neither ``done`` nor ``failed`` is called."""
        if not self._ended:
            self._end()
            if inspect.getgeneratorstate(self._steps) != inspect.GEN_RUNNING:  # else a step is stopping its own task
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
        self._timer.end()


class Launch(Protocol):
    """An editor's way to start a Task."""

    def __call__(
        self, steps: Steps[Any], *, done: Callable[[Any], None], failed: Callable[[Exception], None]
    ) -> Task: ...


def rest(seconds: float) -> Steps[None]:
    """Returns steps that wait for this many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield WAIT


def elsewhere(work: Callable[[], Result]) -> Steps[Result]:
    """Runs ``work``, which must not touch the editor, on a thread, and waits for it. Raises what ``work`` raises."""
    outcome: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(work())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, name="pleinair-work", daemon=True)
    thread.start()
    while thread.is_alive():
        yield WAIT
    if errors:
        raise errors[0]
    return outcome[0]
