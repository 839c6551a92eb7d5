"""The few things that the plug-in asks of Krita as a whole and that are easy to get wrong."""

from __future__ import annotations

from pathlib import Path

from krita import Document, Krita, Node, View

from ..core.area import Area
from ..core.texts import _
from .pixels import Space
from .qt import QtWidgets


def settings_folder() -> Path:
    """Returns a folder beside Krita's own resources, not inside the plug-in, which an update replaces."""
    return Path(Krita.instance().getAppDataLocation()) / "pleinair"


def is_open(document: Document) -> bool:
    """Returns whether the document is open. A closed one must not be touched: parts of it are gone."""
    return any(document == other for other in Krita.instance().documents())


def canvas(document: Document) -> Area:
    return Area(0, 0, document.width(), document.height())


def space_of(thing: Document | Node) -> Space:
    """Returns the colour space of a document or a node."""
    return Space(thing.colorModel(), thing.colorDepth(), thing.colorProfile())


def main_window() -> QtWidgets.QMainWindow | None:
    """Returns the window in front, as a Qt object, or None."""
    window = Krita.instance().activeWindow()
    return window.qwindow() if window else None


def active_document() -> Document | None:
    """Returns the document that the artist sees, or None."""
    return Krita.instance().activeDocument() if _active_view() else None


def selected_nodes() -> list[Node]:
    """Returns the nodes that are selected in the active view's layer list, from the lowest to the highest."""
    document, view = active_document(), _active_view()
    if document is None or view is None:
        return []
    marked = {node.uniqueId().toString() for node in view.selectedNodes()}
    return [node for node in _all_nodes(document.rootNode()) if node.uniqueId().toString() in marked]


def node_by_identifier(document: Document, identifier: str) -> Node | None:
    """Returns the node with this identifier, given as text; None when there is none."""
    return next((node for node in _all_nodes(document.rootNode()) if node.uniqueId().toString() == identifier), None)


def layers(document: Document) -> list[Node]:
    """Returns all layers that may have pixels, from the highest to the lowest, as the layer list shows them."""
    nodes = [node for node in _all_nodes(document.rootNode()) if not node.type().endswith("mask")]
    return [node for node in reversed(nodes) if node.type() != "filterlayer"]


def name_of(document: Document) -> str:
    """Returns what the document's tab says: its file's name, or its title if it was never saved."""
    return Path(document.fileName()).name or document.name() or _("Picture")


def refresh(document: Document) -> None:
    """Redraws a document after changes that Krita does not notice."""
    if is_open(document):
        document.refreshProjection()


def _active_view() -> View | None:
    window = Krita.instance().activeWindow()
    return window.activeView() if window else None


def _all_nodes(parent: Node) -> list[Node]:
    found = []
    for node in parent.childNodes():
        found.append(node)
        found += _all_nodes(node)
    return found
