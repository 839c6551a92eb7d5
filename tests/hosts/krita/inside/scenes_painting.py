"""A filter is trained from inside Krita, in one life of it and in the next."""

from __future__ import annotations

import random
from collections.abc import Generator
from pathlib import Path
from typing import Any

from .lab import Lab, Steps
from .untyped import QApplication, QMessageBox, QPushButton, QTimer

SIDE, SELECTED = 96, 72
_DIALOG = "pleinair_painting_dialog"
_SECONDS = 90.0  # until a process that trains has begun, or has made a filter
_QUEUED, _RUNNING, _FINISHED, _CANCELLED = 1, 2, 4, 5


def painting_begins(lab: Lab) -> Steps:
    """Two photos, a layer and a file, are learned from; what was learned is used before the dialog is closed."""
    document, source, photo = yield from _picture(lab)
    yield from lab.activate(document, source)
    lab.select(document, bytes([255]) * SELECTED**2, 0, 0, SELECTED, SELECTED)
    yield from lab.show_docker()
    lab.krita.action("pleinair_painting").trigger()
    dialog = yield from _dialog(lab)
    form, trainings = dialog._form, lab.studio.trainings
    yield from lab.until(lambda: trainings.listed, "trainings listed")
    result: dict[str, Any] = {"source": form._layer.text(), "title": form._title.text()}
    result["start without photo"] = form._start.isEnabled()
    result["refused"] = _refused(lab, form._targets, "notes.txt")
    form._targets.add(Path(lab.orders["folder"]) / "photo.png")
    _add_layer(form._targets, photo.name())
    form._title.setText("Étretat")
    yield from lab.screenshot("krita-painting-new")
    form._start.click()
    yield from lab.until(lambda: trainings.seen.job, "training started")
    yield from lab.until(lambda: dialog._page._view._preview, "first preview", _SECONDS)
    yield from lab.until(lambda: trainings.can_use, "something learned", _SECONDS)
    yield from lab.screenshot("krita-painting")
    job, preview = trainings.seen.job, dialog._page._view._preview
    result["preview"] = [preview.before.width(), preview.before.height(), preview.after.width()]
    result["job"] = {"sources": job.source_names, "targets": job.target_names, "filter": job.filter_id}
    document.setSelection(None)
    steps = lab.undo_steps()
    dialog._page._use.click()
    yield from lab.until(lambda: lab.studio.run is not None and lab.studio.run.ended, "used", _SECONDS)
    result |= {"names": lab.names(document), "steps": lab.undo_steps() - steps, "said": dialog._page._run.text()}
    result["other"] = lab.seen(lab.made(document))["pixels"] != lab.seen(source)["pixels"]
    dialog.close()
    yield
    result["note"] = dialog._note.text()
    result["images"] = trainings.seen.job.images_seen
    return result


def painting_goes_on(lab: Lab) -> Steps:
    """It is found as it is now; a second one waits behind it and is cancelled; it is stopped, used and deleted."""
    document, source, photo = yield from _picture(lab)
    yield from lab.activate(document, source)
    yield from lab.show_docker()
    lab.docker.findChild(QPushButton, "pleinair_painting").click()
    dialog = yield from _dialog(lab)
    page, trainings = dialog._page, lab.studio.trainings
    yield from lab.until(lambda: page._view._preview and _is(lab, _RUNNING), "found again", _SECONDS)
    first = trainings.followed
    result: dict[str, Any] = {"images": trainings.seen.job.images_seen, "title": trainings.seen.job.title}
    result |= yield from _second(lab, dialog, photo.name())
    dialog._choice.setCurrentIndex(dialog._choice.findData(first))
    dialog._choice.activated.emit(dialog._choice.currentIndex())
    yield from lab.until(lambda: trainings.can_stop, "can be stopped")
    page._stop.click()
    yield from lab.until(lambda: _is(lab, _FINISHED), "stopped", _SECONDS)
    filter_id = trainings.seen.job.filter_id
    yield from lab.until(lambda: lab.studio.session.find(filter_id) and trainings.can_use, "filter listed")
    yield from lab.screenshot("krita-painting-finished")
    result["button"] = page._use.text()
    page._use.click()
    yield from lab.until(lambda: lab.studio.run is not None and lab.studio.run.ended, "translated", _SECONDS)
    result["names"] = lab.names(document)
    yield from _answered(lab, page._delete, QMessageBox.Yes)
    yield from lab.until(lambda: not trainings.followed, "deleted")
    result |= {"form": dialog._pages.currentWidget() is dialog._form, "kept": lab.studio.settings.training}
    result["filter stays"] = lab.studio.session.find(filter_id) is not None
    return result


def _second(lab: Lab, dialog: Any, photo: str) -> Generator[None, None, dict[str, Any]]:
    """A training that waits for its turn until it is cancelled."""
    form, page, trainings = dialog._form, dialog._page, lab.studio.trainings
    trainings.follow("")
    yield from lab.until(lambda: form._source, "source seen")
    _add_layer(form._targets, photo)
    form._start.click()
    yield from lab.until(lambda: _is(lab, _QUEUED) and trainings.can_cancel, "second one waits")
    yield from lab.screenshot("krita-painting-waiting")
    result: dict[str, Any] = {"waits": page._state.text(), "list": dialog._choice.count()}
    yield from _answered(lab, page._cancel, QMessageBox.No)
    yield from lab.rest(0.3)
    result["asked"] = _is(lab, _QUEUED) and not trainings.doing
    yield from _answered(lab, page._cancel, QMessageBox.Yes)
    yield from lab.until(lambda: _is(lab, _CANCELLED), "cancelled")
    result["can resume"] = page._resume.isVisible()
    return result


def _picture(lab: Lab) -> Generator[None, None, tuple[Any, Any, Any]]:
    """With two layers of coarse noise: the painting and a photo."""
    document = yield from lab.document(SIDE, SIDE)
    chance = random.Random(5)
    layers = []
    for name in ("Cliffs", "Seen from a boat"):
        tones = [[bytes(chance.choices(range(256), k=3)) + b"\xff" for _ in range(8)] for _ in range(8)]
        rows = [b"".join(tones[y // 12][x // 12] for x in range(SIDE)) for y in range(SIDE)]
        layers.append(lab.layer(document, name, b"".join(rows), 0, 0, SIDE, SIDE))
    return document, *layers


def _dialog(lab: Lab) -> Generator[None, None, Any]:
    def visible() -> Any:
        return next((one for one in QApplication.topLevelWidgets() if one.objectName() == _DIALOG), None)

    yield from lab.until(lambda: visible() and visible().isVisible(), "dialog")
    dialog = visible()
    dialog.move(60, 100)
    return dialog


def _refused(lab: Lab, targets: Any, name: str) -> str:
    try:
        targets.add(Path(lab.orders["folder"]) / name)
    except Exception as problem:
        return str(problem)
    return ""


def _add_layer(targets: Any, name: str) -> None:
    """From the menu."""
    targets._fill_menu()
    next(one for one in targets._menu.actions() if one.text() == name).trigger()


def _is(lab: Lab, state: int) -> bool:
    return bool(lab.studio.trainings.seen.is_in(state))


def _answered(lab: Lab, button: QPushButton, answer: QMessageBox.StandardButton) -> Steps:
    QTimer.singleShot(0, button.click)  # not from here: the question does not return
    yield from lab.until(lambda: isinstance(QApplication.activeModalWidget(), QMessageBox), "question")
    QApplication.activeModalWidget().button(answer).click()
    yield from lab.until(lambda: QApplication.activeModalWidget() is None, "answered")
