"""What scenarios do inside Krita, in words."""

from __future__ import annotations

import base64
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

from .untyped import (
    Krita,
    QAbstractItemView,
    QApplication,
    QByteArray,
    QLabel,
    QMenu,
    QPushButton,
    Qt,
    QTimer,
    Selection,
)

# Krita's list of layers looks at changed layers a moment later, and does not survive it when they are gone by then.
_NODE_MODEL_SECONDS = 0.4

Steps = Generator[None, None, Any]


def docker() -> Any:
    return next((one for one in Krita.instance().dockers() if one.objectName() == "pleinair_docker"), None)


class Lab:
    """``orders`` are the test's: ``address`` of its server, ``own`` (address and pid) of one that may be killed."""

    def __init__(self, orders: dict[str, Any]) -> None:
        self.orders = orders
        self.krita = Krita.instance()
        self.docker = docker()
        self.studio = self.docker._studio
        self.messages: list[str] = []
        guard = sys.modules["pleinair.krita.guard"]
        guard.report_to(lambda sentence, remedy: self.messages.append(f"{sentence} {remedy}".strip()))

    def take_messages(self) -> list[str]:
        taken, self.messages[:] = list(self.messages), []
        return taken

    def tidy(self) -> Steps:
        """Leaves no document and no run to the next scenario."""
        self.studio.cancel()
        yield from self.rest(_NODE_MODEL_SECONDS)
        for document in self.krita.documents():
            document.waitForDone()  # Krita does not survive the closing of a picture that it still computes
            document.setModified(False)
        for _ in range(len(self.krita.documents())):
            self.krita.action("file_close").trigger()
        self.use(address=self.orders["address"], source="layer", opacity=100, keep_luminance=False, token="")

    def rest(self, seconds: float) -> Steps:
        """Lets Krita draw and tidy up."""
        end = time.monotonic() + seconds
        yield from self.until(lambda: time.monotonic() > end, "time", seconds + 10)

    def quit(self) -> None:
        for document in self.krita.documents():
            document.setModified(False)
        self.krita.action("file_quit").trigger()

    def until(self, condition: Callable[[], Any], what: str, seconds: float = 30) -> Steps:
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"{what} within {seconds} s; messages: {self.messages}")
            yield

    def show_docker(self) -> Steps:
        """Large and with the list of layers alone beside it. Krita hides all dockers when no picture is open."""
        window = self.krita.activeWindow().qwindow()
        window.setGeometry(0, 0, *(round(side / window.devicePixelRatioF()) for side in self.orders["size"]))
        for other in self.krita.dockers():
            if other.isVisible() and other.objectName() not in ("pleinair_docker", "KisLayerBox", "ToolBox"):
                other.hide()
        self.docker.show()
        layers = next(other for other in self.krita.dockers() if other.objectName() == "KisLayerBox")
        layers.show()
        window.resizeDocks([layers, self.docker], [220, 780], Qt.Orientation.Vertical)
        window.resizeDocks([self.docker], [330], Qt.Orientation.Horizontal)
        self.docker.raise_()
        yield from self.until(lambda: self.docker.isVisible(), "docker visible")

    def connected(self) -> Steps:
        session = self.studio.session
        session.connect()
        yield from self.until(lambda: session.connection.kind == "connected", "connected")

    def use(self, **changes: Any) -> None:
        self.studio.use(replace(self.studio.settings, **changes))

    def document(
        self, width: int, height: int, model: str = "RGBA", depth: str = "U8", profile: str = ""
    ) -> Generator[None, None, Any]:
        """A new picture in a view of its own, active, with one layer."""
        made = self.krita.createDocument(width, height, "picture", model, depth, profile, 72.0)
        assert made is not None, (model, depth, profile)
        made.setBatchmode(True)
        self.krita.activeWindow().addView(made)
        yield from self.until(
            lambda: self.krita.activeDocument() == made and made.activeNode() is not None, "document active"
        )
        return made

    def layer(self, document: Any, name: str, pixels: bytes, x: int, y: int, width: int, height: int) -> Any:
        """On top of the others."""
        node = document.createNode(name, "paintlayer")
        self.put(node, pixels, x, y, width, height)
        document.rootNode().addChildNode(node, None)
        return node

    def put(self, node: Any, pixels: bytes, x: int, y: int, width: int, height: int) -> None:
        assert len(pixels) == len(self.raw(node, x, y, width, height))
        node.setPixelData(QByteArray(pixels), x, y, width, height)

    def select(self, document: Any, pixels: bytes, x: int, y: int, width: int, height: int) -> None:
        selection = Selection()
        selection.setPixelData(QByteArray(pixels), x, y, width, height)
        document.setSelection(selection)

    def activate(self, document: Any, node: Any) -> Steps:
        wanted = node.uniqueId()

        def active() -> bool:
            """Layers just added make themselves active a moment later, so it is said again until it holds."""
            if [one.uniqueId() for one in self.krita.activeWindow().activeView().selectedNodes()] == [wanted]:
                return True
            document.setActiveNode(node)
            return False

        for _ in range(3):
            yield from self.until(active, "layer active")
            yield

    def press(self, name: str) -> None:
        """A button of the docker."""
        self.docker.findChild(QPushButton, f"pleinair_{name}").click()

    def apply(self, filter_id: str, *, seconds: float = 60) -> Generator[None, None, Any]:
        """Presses Apply and waits for the end. Gives the run, or None when there was none to begin."""
        self.studio.choose(filter_id)
        yield from self.until(lambda: self.studio.session.find(filter_id), f"filter {filter_id}")
        before = self.studio.run
        self.press("apply")
        if self.studio.run is before:
            return None
        yield from self.until(lambda: self.studio.run.ended, "end of the run", seconds)
        return self.studio.run

    def begin(self, filter_id: str, state: str = "translating") -> Steps:
        """Presses Apply and waits until the server is at it."""
        self.studio.choose(filter_id)
        yield from self.until(lambda: self.studio.session.find(filter_id), f"filter {filter_id}")
        self.press("apply")
        run = self.studio.run
        yield from self.until(lambda: run.ended or (run.progress.job and run.progress.job.state == state), state)
        assert not run.ended, run.describe()

    def made(self, document: Any) -> Any:
        """The layer that the last run added."""
        return document.nodeByUniqueID(self.studio.run.made[-1])

    def raw(self, node: Any, x: int, y: int, width: int, height: int) -> bytes:
        return bytes(node.pixelData(x, y, width, height))

    def seen(self, node: Any) -> dict[str, Any]:
        """A layer's name, place, space and pixels, for the test outside."""
        bounds = node.bounds()
        area = (bounds.x(), bounds.y(), bounds.width(), bounds.height())
        return {
            "name": node.name(),
            "area": area,
            "space": [node.colorModel(), node.colorDepth(), node.colorProfile()],
            "pixels": text(self.raw(node, *area)),
        }

    def names(self, document: Any) -> list[str]:
        return [node.name() for node in document.topLevelNodes() if not node.type().endswith("mask")]

    def undo_steps(self) -> int:
        """How many steps Krita's own History docker shows."""
        history = next(one for one in self.krita.dockers() if one.objectName() == "History")
        return int(history.findChildren(QAbstractItemView)[0].model().rowCount())

    def trigger(self, document: Any, action: str) -> None:
        self.krita.action(action).trigger()
        document.waitForDone()

    def message(self) -> str:
        """What the docker's message bar says."""
        return str(self.docker._messages.text)

    def labels(self) -> list[str]:
        return [label.text() for label in self.docker.findChildren(QLabel) if label.isVisible()]

    def choose_in_menu(self, text: str) -> Generator[None, None, Any]:
        """From the docker's menu; gives the dialog that opens, which runs until it is closed."""
        menu = self.docker.findChild(QMenu)
        action = next(one for one in menu.actions() if one.text().startswith(text))
        QTimer.singleShot(0, action.trigger)  # not from here: the dialog does not return
        yield from self.until(lambda: QApplication.activeModalWidget() is not None, f"{text} opens")
        return QApplication.activeModalWidget()

    def screenshot(self, name: str) -> Steps:
        """Asks the test outside for one, when all is drawn, and waits for it."""
        yield from self.rest(0.3)
        wish = Path(self.orders["results"]) / f"{name}.shot"
        wish.touch()
        yield from self.until(lambda: not wish.exists(), "screenshot")


def text(pixels: bytes) -> str:
    return base64.b64encode(pixels).decode("ascii")
