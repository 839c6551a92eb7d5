"""Servers that are not like the others: with a certificate and a token, with a trained filter, for large pictures."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

from .lab import Lab, Steps
from .made import HEIGHT, SRGB, WIDTH, samples
from .untyped import QApplication, QDialogButtonBox, QMessageBox, QTest


def trained(lab: Lab) -> Steps:
    """A filter that was really trained, on noise."""
    results: dict[str, Any] = {}
    for depth in ("U8", "U16"):
        document = yield from lab.document(WIDTH, HEIGHT, "RGBA", depth, SRGB)
        source = lab.layer(document, "source", samples("RGBA", depth, WIDTH * HEIGHT), 0, 0, WIDTH, HEIGHT)
        yield from lab.activate(document, source)
        yield from lab.apply("small")
        results[depth] = {"source": lab.seen(source), "made": lab.seen(lab.made(document))}
    return results


def secured(lab: Lab) -> Steps:
    """Everything is typed into the settings: first a wrong token, then the right one, then another certificate."""
    token = lab.orders["token"]
    session = lab.studio.session
    yield from lab.document(16, 16)
    yield from lab.show_docker()
    settings = yield from lab.choose_in_menu("Settings")
    _type(settings._token, "wrong")
    settings._tls.setChecked(True)
    settings._fetch.click()
    question = yield from _question(lab)
    text = question.text()
    yield from lab.screenshot("krita-fingerprint")
    question.button(QMessageBox.Yes).click()
    yield from lab.until(lambda: settings._fingerprint.text(), "fingerprint taken")
    fingerprint = settings._fingerprint.text()
    yield from _accept(lab, settings)
    yield from lab.until(lambda: session.connection.kind == "failed", "wrong token refused")
    wrong = lab.labels()
    yield from lab.screenshot("krita-wrong-token")
    settings = yield from lab.choose_in_menu("Settings")
    _type(settings._token, token)
    yield from _accept(lab, settings)
    yield from lab.until(lambda: session.connection.kind == "connected", "right token")
    run = yield from lab.apply("identity")
    settings = yield from lab.choose_in_menu("Settings")
    _type(settings._fingerprint, "ab" * 32)
    yield from _accept(lab, settings)
    yield from lab.until(lambda: session.connection.kind == "failed", "other certificate refused")
    other = lab.labels()
    lab.use(tls=False, token="", fingerprint="")
    return {
        "question": text,
        "fingerprint": fingerprint,
        "wrong token": wrong,
        "state": run.state,
        "other certificate": other,
    }


def huge(lab: Lab) -> Steps:
    """8000 x 6000 pixels, compared band by band."""
    width, height, rows = 8000, 6000, 250
    document = yield from lab.document(width, height)
    source = document.topLevelNodes()[0]
    for y in range(0, height, rows):
        lab.put(source, os.urandom(4 * width * rows), 0, y, width, rows)
        yield
    before, begun = _peak_megabytes(), time.monotonic()
    run = yield from lab.apply("identity", seconds=240)
    seconds = time.monotonic() - begun
    same = run.state == "done"
    for y in range(0, height, rows):
        same = same and lab.raw(source, 0, y, width, rows) == lab.raw(lab.made(document), 0, y, width, rows)
        yield
    return {"same": same, "seconds": seconds, "peak before": before, "peak": _peak_megabytes(), "said": run.describe()}


def _type(field: Any, text: str) -> None:
    """In place of what stands there."""
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)


def _question(lab: Lab) -> Generator[None, None, Any]:
    yield from lab.until(lambda: isinstance(QApplication.activeModalWidget(), QMessageBox), "question")
    return QApplication.activeModalWidget()


def _accept(lab: Lab, dialog: Any) -> Steps:
    dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.Ok).click()
    yield from lab.until(lambda: QApplication.activeModalWidget() is None, "dialog closed")


def _peak_megabytes() -> int:
    """Of this process, since its start."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) // 1000 if found else 0
