"""Turns errors in slots into a sentence for the artist and a line in the log, where Krita would open a modal dialog."""

from __future__ import annotations

import contextlib
import functools
import logging
import logging.handlers
import sys
from pathlib import Path
from typing import Callable, TypeVar

from ..core.problems import Problem
from ..core.texts import _
from .qt import QtCore

log = logging.getLogger("pleinair")
Reporter = Callable[[str, str], None]
_Given = TypeVar("_Given")

_LOG_BYTES = 512 << 10
_reporters: list[Reporter] = []


def write_log_to(folder: Path) -> None:
    """Writes the log to ``pleinair.log`` in ``folder``, and warnings and errors to Krita's own output, too."""
    log.setLevel(logging.INFO)
    log.propagate = False
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.__stderr__)]
    handlers[0].setLevel(logging.WARNING)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "pleinair.log"
        handlers.append(
            logging.handlers.RotatingFileHandler(file, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8", delay=True)
        )
    except OSError:
        log.warning("No log can be kept in %s.", folder)
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s pleinair: %(message)s"))
        log.addHandler(handler)


def report_to(reporter: Reporter) -> None:
    """Adds a reporter, which shows a sentence and a remedy to the artist."""
    _reporters.append(reporter)


def stop_reporting_to(reporter: Reporter) -> None:
    if reporter in _reporters:
        _reporters.remove(reporter)


def report(error: BaseException) -> None:
    """Writes an error to the log and gives the artist a sentence and a remedy."""
    if isinstance(error, Problem):
        sentence, remedy = error.sentence, error.remedy
        log.info("%s", error)
    else:
        sentence = _("Something went wrong inside the plug-in ({what}).").format(what=type(error).__name__)
        remedy = _("The picture was left as it is; see the log, in the settings.")
        log.error("Unforeseen", exc_info=error)
    for reporter in tuple(_reporters):
        try:
            reporter(sentence, remedy)
        except Exception:  # a docker that Krita has deleted must not keep the others from showing it
            log.exception("A message could not be shown")


def guarded(slot: Callable[..., _Given]) -> Callable[..., _Given | None]:
    """Returns a slot that never raises: it reports the error and returns None."""

    @functools.wraps(slot)
    def safe(*arguments: object, **named: object) -> _Given | None:
        try:
            return slot(*arguments, **named)
        except Exception as error:
            report(error)
            return None

    return safe


def connect(signal: QtCore.pyqtBoundSignal, slot: Callable[..., object], *, arguments: bool = False) -> None:
    """Connects a slot, guarded. It gets the signal's values only with ``arguments``; PyQt itself would guess."""
    safe = guarded(slot)
    signal.connect((lambda *values: safe(*values)) if arguments else (lambda *_values: safe()))


def follow(signal: QtCore.pyqtBoundSignal, widget: QtCore.QObject, slot: Callable[[], object]) -> None:
    """Connects a widget's slot, guarded, until the widget is destroyed: the signal may outlive its window."""
    safe = guarded(slot)

    def call(*_values: object) -> None:
        safe()

    signal.connect(call)
    widget.destroyed.connect(lambda *_gone: _disconnect(signal, call))


def _disconnect(signal: QtCore.pyqtBoundSignal, call: Callable[..., None]) -> None:
    with contextlib.suppress(TypeError, RuntimeError):  # when Krita closes, the signal may be gone first
        signal.disconnect(call)
