"""What one press of Apply starts, in an editor that can be used while layers are translated."""

from __future__ import annotations

import time
from collections.abc import Callable

from .host import Document, LayerId
from .session import Session
from .steps import Launch
from .texts import _
from .translating import Order, Remember, RunProgress, translate_layers
from .translation_jobs import duration


class TranslationRun:
    """Runs one order. ``state`` is running, done, failed or cancelled; ``progress`` says how far it is. Errors go to
    ``report``. ``changed`` is called after every change."""

    def __init__(
        self,
        document: Document,
        order: Order,
        session: Session,
        remember: Remember,
        *,
        launch: Launch,
        changed: Callable[[], None],
        report: Callable[[Exception], None],
    ) -> None:
        self.order = order
        self.state = "running"
        self.progress = RunProgress(len(order.layers), changed)
        self._changed, self._report = changed, report
        self._begun = time.monotonic()
        self._seconds = 0.0
        steps = translate_layers(document, order, session, self.progress, remember, report)
        self._task = launch(steps, done=lambda _none: self._end(), failed=self._fail)

    @property
    def made(self) -> list[LayerId]:
        """The identifiers of the layers that were added."""
        return [one.layer for one in self.progress.made]

    @property
    def ended(self) -> bool:
        return self.state != "running"

    @property
    def fraction(self) -> float | None:
        """How much of all layers is done, 0 to 1; None while unknown."""
        return 1.0 if self.ended else self.progress.fraction

    def describe(self) -> str:
        """Returns one line about the progress or the outcome, for the artist."""
        return self._outcome() if self.ended else self.progress.describe()

    def cancel(self) -> None:
        """Cancels the run at once, here and on the server. Layers that were already added stay."""
        if not self.ended:
            self._task.stop()
            self._leave("cancelled")

    def _end(self) -> None:
        self._leave("done" if self.made else "failed")

    def _fail(self, error: Exception) -> None:
        self._leave("failed")
        self._report(error)

    def _outcome(self) -> str:
        made, wanted = len(self.made), len(self.order.layers)
        if made == wanted:
            return _("Done in {time}").format(time=duration(self._seconds))
        if made:
            return _("{made} of {wanted} layers were translated.").format(made=made, wanted=wanted)
        return _("Cancelled; nothing was added.") if self.state == "cancelled" else _("Nothing was added.")

    def _leave(self, state: str) -> None:
        self.state = state
        self._seconds = time.monotonic() - self._begun
        self._changed()
