"""Previews: the latest choice of the artist is translated, once nothing has changed for a moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ..client.wire import Buffer
from .problems import Problem
from .session import Session
from .steps import Launch, Steps, Task, rest
from .texts import _
from .translating import submitted
from .translation_jobs import TranslationRequest


class PreviewView(Protocol):
    """What an editor shows of a preview."""

    def show_begun(self) -> None:
        """Shows that the choice has settled and the preview is being made."""

    def show_translation(self, pixels: Buffer) -> None:
        """Shows the translation of what was read last; ``pixels`` are in the format in which it was sent."""

    def show_failure(self, error: Exception) -> None:
        """Shows why there is no preview; ``error`` is a Problem when the artist can do something about it."""


class Previewing:
    """Reads and translates what was wanted last, once nothing else was wanted for ``rest_seconds``."""

    def __init__(self, session: Session, view: PreviewView, launch: Launch, rest_seconds: float) -> None:
        self._session, self._view, self._launch = session, view, launch
        self._rest_seconds = rest_seconds
        self._task: Task | None = None

    @property
    def busy(self) -> bool:
        """Whether a preview is wanted that is not shown yet."""
        return self._task is not None

    def want(self, read: Callable[[], Steps[TranslationRequest]]) -> None:
        """Asks for a new preview in place of the last. ``read`` is called after ``rest_seconds``; may raise Problem."""
        self.stop()
        self._task = self._launch(self._steps(read), done=self._show, failed=self._fail)

    def stop(self) -> None:
        """Ends the preview, here and on the server; the view is told nothing more."""
        task, self._task = self._task, None
        if task is not None:
            task.stop()

    def _steps(self, read: Callable[[], Steps[TranslationRequest]]) -> Steps[Buffer]:
        yield from rest(self._rest_seconds)
        self._view.show_begun()
        request = yield from read()
        job = yield from submitted(self._session, request, "preview", lambda _job: None)
        if job.pixels is None:
            raise Problem(*(job.error or (_("The preview was cancelled."), "")))
        return job.pixels

    def _show(self, pixels: Buffer) -> None:
        self._task = None
        self._view.show_translation(pixels)

    def _fail(self, error: Exception) -> None:
        self._task = None
        self._view.show_failure(error)
