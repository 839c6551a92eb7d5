"""Reads pixels from Krita and writes them into it, in small pieces."""

from __future__ import annotations

from collections.abc import Callable

from krita import Document, Node

from ..core.area import Area
from ..core.host import LayerId, NewLayer
from ..core.look import Look
from ..core.pixels import Pixels
from ..core.problems import Problem
from ..core.steps import Steps
from ..core.texts import _
from .groups import is_clipped
from .host import space_of
from .pixels import Space, space_in
from .qt import QUuid
from .scratch import converter, put, scratch

# Krita needs a few milliseconds for this many.
_BAND_BYTES = 4 << 20
_CONVERTED_PIXELS = 96 << 10


def read(pixels_of: Callable[[Area], bytes], own: Space, area: Area, wanted: Space) -> Steps[bytearray]:
    """Returns the pixels of an area in the space ``wanted``; ``pixels_of`` gives them in the space ``own``."""
    pixels = bytearray()
    with converter(own, wanted) as convert:
        yield
        for band in area.bands(_rows(area, own, wanted)):
            pixels += convert(pixels_of(band), band.width, band.height)
            yield
    return pixels


def write(document: Document, space: Space, new: NewLayer, above: QUuid | None) -> Steps[LayerId]:
    """Inserts a new layer in this colour space above the one with the identifier ``above``, and returns its identifier.
    It appears whole, in one undo step, after the last band. There is no pause after that: if the task were cancelled
    then, nobody would know of the layer."""
    with scratch(space) as workshop:
        yield
        layer = workshop.layer(new.name)
        give_look(layer, new.look)
        with converter(space_in(new.pixels.format.own), space) as convert:
            yield
            yield from _fill(layer, new.pixels, convert)
        yield
        _insert(document, layer, above)
    return layer.uniqueId()


def opacity_of(look: Look) -> int:
    """Returns the opacity from 0 to 255, as Krita counts it."""
    return round(look.opacity * 255 / 100)


def blending_mode_of(look: Look) -> str:
    return "color" if look.keep_luminance else "normal"


def give_look(layer: Node, look: Look) -> None:
    layer.setOpacity(opacity_of(look))
    layer.setBlendingMode(blending_mode_of(look))


def _insert(document: Document, layer: Node, above: QUuid | None) -> None:
    """Inserts a layer above the one with the identifier ``above``, and clipped as that is, or on top if that is None or
    gone, in one undo step. Raises Problem.

    With 4096 x 4096 pixels Krita does not respond for 0.15 to 0.4 s while it redraws the picture (two cores, OpenGL in
    software or none, 5.2 and 5.3). An empty layer takes as long, as does one that is added hidden, or the artist's own
    click on a layer's eye; in a picture without a view it takes 0.02 s. So the layer itself is not what takes time. The
    action for a new layer (0.09 s) does not redraw the picture, but then undoing it does not either.
    """
    below = document.nodeByUniqueID(above) if above is not None else None
    parent = below.parentNode() if below is not None else None
    if below is not None and parent is not None:
        layer.setInheritAlpha(is_clipped(below))  # else it would show where what it covers does not
    else:
        below, parent = _topmost(document), document.rootNode()
    if not parent.addChildNode(layer, below):
        raise Problem(_("Krita did not accept the new layer."), _("Check that the picture can be edited."))


def _topmost(document: Document) -> Node | None:
    layers = [node for node in document.topLevelNodes() if not node.type().endswith("mask")]
    return layers[-1] if layers else None


def _fill(layer: Node, pixels: Pixels, convert: Callable[[bytes, int, int], bytes]) -> Steps[None]:
    area = pixels.area
    row = area.width * pixels.format.pixel_bytes
    view = memoryview(pixels.data)
    for band in area.bands(_rows(area, space_of(layer), space_in(pixels.format.own))):
        start = (band.y - area.y) * row
        piece = bytes(view[start : start + band.height * row])
        put(layer, convert(piece, band.width, band.height), band)
        yield


def _rows(area: Area, one: Space, other: Space) -> int:
    if one != other:
        return max(1, _CONVERTED_PIXELS // area.width)
    return max(1, _BAND_BYTES // (area.width * one.pixel_bytes))
