"""A hidden document in which layers are created, and colours converted by Krita's own colour management.

In the artist's document both would leave steps in the undo history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from krita import Document, Krita, Node

from ..core.area import Area
from ..core.problems import Problem
from ..core.texts import _
from .groups import drawn, is_clipped, unclip
from .pixels import Space
from .qt import QByteArray


class Scratch:
    """Creates layers and converts pixels of one colour space. ``scratch`` yields it until its context ends."""

    def __init__(self, document: Document, space: Space) -> None:
        self._document = document
        self.space = space

    def layer(self, name: str) -> Node:
        """Returns an empty paint layer in this space, which may be added to any document."""
        return self._document.createNode(name, "paintlayer")

    def converted(self, pixels: bytes, width: int, height: int, target: Space) -> bytes:
        """Returns pixels of this space, converted to ``target``. Raises Problem when Krita cannot convert them."""
        node = self.layer("conversion")
        area = Area(0, 0, width, height)
        put(node, pixels, area)
        if not node.setColorSpace(target.model, target.depth, target.profile):
            raise Problem(
                _("Krita cannot convert from the profile {profile}.").format(profile=self.space.profile),
                _("Convert the picture to sRGB with Image > Convert Image Color Space."),
            )
        return bytes(node.pixelData(0, 0, width, height))

    def rendered(self, layer: Node) -> Node:
        """Returns a node whose projection is what ``layer``, of any document, shows alone: with its masks and its layer
        style, at full opacity; of a pass-through group, what its layers show. Possible once."""
        document, root = self._document, self._document.rootNode()
        for page in document.topLevelNodes():
            page.remove()
        parts = drawn(layer)
        copies = [part.clone() for part in parts]
        for below, copy in zip([None, *copies], copies):
            if is_clipped(layer):
                unclip(copy)  # there is nothing below
            root.addChildNode(copy, below)
        document.waitForDone()
        if parts == [layer]:
            _show_fully(document.topLevelNodes()[0])
        document.refreshProjection()
        document.waitForDone()
        return root


@contextmanager
def scratch(space: Space, width: int = 1, height: int = 1) -> Iterator[Scratch]:
    """Yields a workshop whose canvas, which counts for ``rendered`` only, is of this size."""
    model, depth, profile = space.model, space.depth, space.profile
    document = Krita.instance().createDocument(width, height, "Pleinair", model, depth, profile, 72.0)
    if document is None:
        raise Problem(
            _("Krita has no colour space {model} {depth} with the profile {profile}.").format(
                model=model, depth=depth, profile=profile
            ),
            _("Convert the picture to sRGB with Image > Convert Image Color Space."),
        )
    document.setBatchmode(True)
    try:
        yield Scratch(document, space)
    finally:
        document.setModified(False)
        document.close()


@contextmanager
def converter(own: Space, target: Space) -> Iterator[Callable[[bytes, int, int], bytes]]:
    """Yields a function that takes pixels in the space ``own``, their width and their height, and returns them in
    ``target``. Creating a document blocks the interface for about 50 ms, so none is created for equal spaces."""
    if own == target:
        yield lambda pixels, _width, _height: pixels
        return
    with scratch(own) as workshop:
        yield lambda pixels, width, height: workshop.converted(pixels, width, height, target)


def put(node: Node, pixels: bytes, area: Area) -> None:
    """Writes pixels into a node. Raises ValueError when Krita does not take them, or when their length does not match
    the area: Krita would read past the end of too few."""
    wanted = area.width * area.height * _pixel_bytes(node)
    if len(pixels) != wanted:
        raise ValueError(f"{len(pixels)} bytes where {wanted} are needed")
    if node.setPixelData(QByteArray(pixels), area.x, area.y, area.width, area.height) is False:  # None in 5.2
        raise ValueError("Krita did not take the pixels")


def _show_fully(layer: Node) -> None:
    """Takes a layer as its document gives it: what ``clone`` returned knows no document, and Krita crashes then."""
    layer.setOpacity(255)
    if layer.blendingMode() != "normal":
        layer.setBlendingMode("normal")
    layer.setVisible(True)


def _pixel_bytes(node: Node) -> int:
    return Space(node.colorModel(), node.colorDepth(), node.colorProfile()).pixel_bytes
