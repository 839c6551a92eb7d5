"""A filter is trained from inside Krita."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PyQt5.QtCore import QTimer
from PyQt5.QtWidgets import QApplication, QMessageBox, QPushButton

from .lab import Lab, Steps

_DIALOG = "pleinair_painting_dialog"


def dev(lab: Lab) -> Steps:
    document = lab.krita.openDocument(lab.orders["painting"])
    document.setBatchmode(True)
    lab.krita.activeWindow().addView(document)
    yield from lab.until(lambda: lab.krita.activeDocument() == document and document.activeNode(), "opened")
    yield from lab.show_docker()
    yield from lab.connected()
    lab.docker.findChild(QPushButton, "pleinair_painting").click()
    yield from lab.until(lambda: dialog() is not None, "dialog")
    found = dialog()
    found.move(40, 90)
    form = found._form
    yield from lab.rest(1)
    yield from lab.screenshot("p-0-empty")
    form._targets.add(Path(lab.orders["photo"]))
    try:
        form._targets.add(Path("/etc/passwd"))
    except Exception as error:
        found._messages.show_message(error.sentence, error.remedy)
    yield from lab.screenshot("p-1-form")
    found._messages.dismiss()
    form._start.click()
    yield from lab.until(lambda: lab.studio.trainings.followed, "started")
    yield from lab.until(lambda: lab.studio.trainings.seen.job, "job")
    yield from lab.screenshot("p-2-begun")
    yield from lab.until(lambda: lab.studio.trainings.seen.preview, "preview")
    yield from lab.rest(3)
    yield from lab.screenshot("p-3-running")
    found._page._use.click()
    yield from lab.rest(0.7)
    yield from lab.screenshot("p-4-use")
    yield from lab.until(lambda: lab.studio.run is not None and lab.studio.run.ended, "used")
    yield from lab.rest(1)
    yield from lab.screenshot("p-5-used")
    QTimer.singleShot(0, found._page._cancel.click)
    yield from lab.until(lambda: isinstance(QApplication.activeModalWidget(), QMessageBox), "question")
    yield from lab.screenshot("p-6-cancel")
    QApplication.activeModalWidget().button(QMessageBox.Yes).click()
    yield from lab.until(lambda: lab.studio.trainings.seen.job.state == 5, "cancelled")
    yield from lab.screenshot("p-7-cancelled")
    found._page._resume.click()
    yield from lab.rest(1)
    lab.studio.trainings.follow("")
    yield from lab.rest(1)
    yield from lab.screenshot("p-8-form")
    form._start.click()
    yield from lab.until(lambda: lab.studio.trainings.followed, "started")
    yield from lab.rest(1)
    yield from lab.screenshot("p-9-queued")
    lab.studio.trainings.follow(lab.studio.trainings.jobs[0].id)
    yield from lab.until(lambda: lab.studio.trainings.seen.job, "job")
    yield from lab.rest(2)
    found._page._stop.click()
    yield from lab.until(lambda: lab.studio.trainings.seen.job.state == 4, "stopped")
    yield from lab.rest(1)
    yield from lab.screenshot("p-a-finished")
    Path(lab.orders["fail"]).touch()
    yield from lab.until(lambda: lab.studio.trainings.jobs[0].state != 4, "x")
    return {}


def dialog() -> Any:
    return next((one for one in QApplication.topLevelWidgets() if one.objectName() == _DIALOG), None)
