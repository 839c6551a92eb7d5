"""A second plug-in, for tests only: plays scenarios inside Krita and writes what came out.

It is copied into the profile's ``pykrita`` folder; PLEINAIR_DRIVER names a JSON file that says what to play and where
the results go.
"""

from __future__ import annotations

import json
import os
import time
import traceback
from pathlib import Path
from typing import Any

from krita import Extension, Krita
from PyQt5.QtCore import QTimer

_STEP_MILLISECONDS = 15
_START_SECONDS = 30.0


class Driver(Extension):
    """Plays one scenario after another, each a generator that yields while it waits."""

    def __init__(self, parent: Any) -> None:
        super().__init__(parent)
        self._orders = json.loads(Path(os.environ["PLEINAIR_DRIVER"]).read_text("utf-8"))
        self._timer = QTimer(self)
        self._timer.setInterval(_STEP_MILLISECONDS)
        self._timer.timeout.connect(self._step)
        self._waiting = list(self._orders["scenarios"])
        self._name = ""
        self._steps: Any = None
        self._late = time.monotonic() + _START_SECONDS
        self._lab: Any = None

    def setup(self) -> None:
        pass

    def createActions(self, window: Any) -> None:
        self._timer.start()

    def _step(self) -> None:
        try:
            if self._steps is None:
                self._begin()
            else:
                self._go_on()
        except Exception:
            self._write("driver", {"error": traceback.format_exc()})
            os._exit(3)

    def _begin(self) -> None:
        from . import lab, scenarios

        if self._lab is None:
            if Krita.instance().activeWindow() is None or lab.docker() is None:
                assert time.monotonic() < self._late, "Pleinair's docker is not there"
                return
            self._lab = lab.Lab(self._orders)
        if not self._waiting:
            self._timer.stop()
            self._write("driver", {"result": "all played"})
            self._lab.quit()
            return
        self._name = self._waiting.pop(0)
        self._late = time.monotonic() + self._orders["seconds"]
        self._steps = getattr(scenarios, self._name)(self._lab)

    def _go_on(self) -> None:
        try:
            if time.monotonic() > self._late:
                self._steps.throw(TimeoutError(f"{self._name} took too long"))
            next(self._steps)
        except StopIteration as end:
            self._finish({"result": end.value})
        except Exception:
            self._finish({"error": traceback.format_exc()})

    def _finish(self, outcome: dict[str, Any]) -> None:
        outcome["messages"] = self._lab.take_messages()
        if self._name:
            self._write(self._name, outcome)
        # The last scenario leaves everything as it is, for Krita to be quit with it.
        tidies = self._name and self._waiting
        self._name, self._steps = "", self._lab.tidy() if tidies else None

    def _write(self, name: str, outcome: dict[str, Any]) -> None:
        path = Path(self._orders["results"]) / f"{name}.json"
        beside = path.with_suffix(".tmp")
        beside.write_text(json.dumps(outcome), "utf-8")
        beside.replace(path)


Krita.instance().addExtension(Driver(Krita.instance()))
