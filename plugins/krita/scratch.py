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


@contextmanager
def scratch(space: Space) -> Iterator[Scratch]:
    document = Krita.instance().createDocument(1, 1, "Pleinair", space.model, space.depth, space.profile, 72.0)
    if document is None:
        raise Problem(
            _("Krita has no colour space {model} {depth} with the profile {profile}.").format(
                model=space.model, depth=space.depth, profile=space.profile
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


def _pixel_bytes(node: Node) -> int:
    return Space(node.colorModel(), node.colorDepth(), node.colorProfile()).pixel_bytes
