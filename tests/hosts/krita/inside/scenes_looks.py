"""What the artist sees, and how quickly it answers."""

from __future__ import annotations

import os
import time
from typing import Any

from .lab import Lab, Steps
from .untyped import QAbstractButton, QApplication, QLabel, QPushButton, Qt, QTest, QTimer, QToolButton


def connects(lab: Lab) -> Steps:
    yield from lab.document(16, 16)
    yield from lab.show_docker()
    yield from lab.connected()
    return {"labels": lab.labels(), "filters": [one.id for one in lab.studio.session.filters]}


def large(lab: Lab) -> Steps:
    """How often the interface answered and the longest time for which it did not, in each stage of a translation and,
    to compare with, while nothing happens and while Krita hides and shows a layer."""
    side = 4096
    document = yield from lab.document(side, side)
    source = document.topLevelNodes()[0]
    lab.put(source, os.urandom(4 * side) * side, 0, 0, side, side)
    document.refreshProjection()
    yield from lab.rest(2.0)
    answers = Answers(lab.docker)
    yield from lab.rest(1.0)
    idle = answers.take()
    yield from lab.activate(document, source)
    for _hidden_and_shown in range(2):
        lab.krita.action("toggle_layer_visibility").trigger()
        yield from lab.rest(1.0)
    own = answers.take()
    lab.studio.choose("identity")
    lab.press("apply")
    run = lab.studio.run
    yield from lab.until(lambda: run.ended or run.progress.job, "sent")
    reading = answers.take()
    yield from lab.until(lambda: run.ended or run.progress.job is None or run.progress.job.ended, "translated", 120)
    waiting = answers.take()
    yield from lab.until(lambda: run.ended, "written", 60)
    yield from lab.rest(1.0)
    writing = answers.take()
    same = lab.raw(source, 0, 0, side, side) == lab.raw(lab.made(document), 0, 0, side, side)
    return {
        "same": same,
        "compared": {"idle": idle, "Krita's own redrawing": own},
        "stages": {"reading": reading, "waiting": waiting, "writing": writing},
        "said": run.describe(),
    }


class Answers:
    """Of a timer on the interface thread: how often it was served, and the longest time between two services."""

    def __init__(self, parent: Any) -> None:
        self._last = time.monotonic()
        self._longest = 0.0
        self._count = 0
        self._timer = QTimer(parent)
        self._timer.setInterval(2)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def take(self) -> dict[str, float]:
        """Since the last call."""
        self._look()
        taken = {"answers": self._count, "longest gap": round(self._longest, 3)}
        self._count, self._longest = 0, 0.0
        return taken

    def _tick(self) -> None:
        self._count += 1
        self._look()

    def _look(self) -> None:
        now = time.monotonic()
        self._longest = max(self._longest, now - self._last)
        self._last = now


def artist(lab: Lab) -> Steps:
    """A picture to look at: half of it seen through a filter, before Apply and after."""
    document = yield from lab.document(900, 600)
    source = document.topLevelNodes()[0]
    rows = [
        bytes(
            value
            for x in range(900)
            for value in (200 - y // 6, 90 + (x // 60 + y // 60) % 2 * 60 + y // 12, 60 + x * 180 // 900, 255)
        )
        for y in range(600)
    ]
    lab.put(source, b"".join(rows), 0, 0, 900, 600)
    document.refreshProjection()
    yield from lab.show_docker()
    lab.studio.choose("inverting")
    box = lab.docker._preview
    stale = box._view._preview
    box.look_again()
    yield from lab.until(lambda: box._view._preview not in (None, stale), "preview")
    yield from lab.screenshot("krita-preview")
    result = {"exact": box._view._preview.exact, "badge": box._view._badge, "reds": reds(box._view)}
    yield from lab.apply("inverting")
    yield from lab.rest(1.0)
    yield from lab.screenshot("krita-applied")
    return result


def reds(view: Any) -> list[int]:
    """How red the preview is drawn in the middle of its left half, which shows before, and of its right half."""
    drawn, area = view.grab().toImage(), view._target()
    return [
        drawn.pixelColor(round(area.left() + share * area.width()), round(area.center().y())).red()
        for share in (0.25, 0.75)
    ]


def dialogs(lab: Lab) -> Steps:
    """Checks the set-up, looks at the settings, and tries to start a server without having named a Python."""
    lab.use(token="a-secret-token")
    yield from lab.document(16, 16)
    yield from lab.show_docker()
    check = yield from lab.choose_in_menu("Check set-up")
    verdict = check._verdict
    yield from lab.until(lambda: verdict.text() != "Checking…", "verdict")
    yield from lab.screenshot("krita-check")
    next(button for button in check.findChildren(QPushButton) if "report" in button.text()).click()
    report = QApplication.clipboard().text()
    result = {"verdict": verdict.text(), "checks": check._list.count(), "report": report}
    check.reject()
    yield
    settings = yield from lab.choose_in_menu("Settings")
    yield from lab.screenshot("krita-settings")
    settings.reject()
    yield
    server = yield from lab.choose_in_menu("Local server")
    server._start.click()
    yield from lab.screenshot("krita-local-server")
    result["server"] = server._state.text()
    server.accept()
    yield
    return result


def keyboard(lab: Lab) -> Steps:
    """From the docker's first control to a layer, and through a dialog, without a mouse."""
    document = yield from lab.document(16, 16)
    yield from lab.show_docker()
    yield from lab.connected()
    yield from lab.until(lambda: lab.studio.session.find("inverting"), "filters")
    QApplication.setActiveWindow(lab.krita.activeWindow().qwindow())  # nobody else does without a window manager
    lab.docker.findChild(QToolButton).setFocus(Qt.TabFocusReason)
    yield from lab.until(lambda: QApplication.focusWidget() is not None, "focus")
    seen = []
    while lab.docker.isAncestorOf(QApplication.focusWidget()):
        seen.append(_name(QApplication.focusWidget()))
        if seen[-1] == "&Apply":
            yield from lab.screenshot("krita-keyboard")
        QTest.keyClick(QApplication.focusWidget(), Qt.Key_Tab)
        yield
    lab.krita.action("pleinair_show").trigger()
    QTest.keyClicks(QApplication.focusWidget(), "invert")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key_Down)
    yield
    before = lab.studio.run
    QTest.keyClick(QApplication.focusWidget(), Qt.Key_Return)
    yield from lab.until(lambda: lab.studio.run is not before and lab.studio.run.ended, "applied with Return")
    lab.docker._filters._search.clear()
    settings = yield from lab.choose_in_menu("Settings")
    QTest.keyClick(settings, Qt.Key_Escape)
    yield from lab.until(lambda: QApplication.activeModalWidget() is None, "closed with Escape")
    return {"order": seen, "docker": lab.docker.isVisible(), "names": lab.names(document), "clashes": _clashes(lab)}


def _name(control: Any) -> str:
    return str(control.accessibleName() or getattr(control, "text", str)() or control.__class__.__name__)


def _clashes(lab: Lab) -> list[str]:
    """Texts of the docker whose accelerator is one of Krita's menus', or another's in the docker."""
    menus = {_accelerator(action.text()) for action in lab.krita.activeWindow().qwindow().menuBar().actions()}
    texts = [one.text() for kind in (QLabel, QAbstractButton) for one in lab.docker.findChildren(kind)]
    taken = menus | {""}
    clashing = []
    for text in texts:
        letter = _accelerator(text)
        if letter and letter in taken:
            clashing.append(text)
        taken.add(letter)
    return clashing


def _accelerator(text: str) -> str:
    place = text.replace("&&", "").find("&")
    return text.replace("&&", "")[place + 1].lower() if place >= 0 else ""
