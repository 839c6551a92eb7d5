"""Pixels out of Krita and into it, in small pieces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..core.area import Area
from ..core.texts import _
from .host import space_of
from .pixels import Space, WireFormat
from .problems import Problem
from .scratch import converter, put, scratch
from .sources import Source
from .steps import Steps

# Each takes Krita a few milliseconds.
_BAND_BYTES = 4 << 20
_CONVERTED_PIXELS = 96 << 10


@dataclass(frozen=True)
class Look:
    """Strength (0 to 100 per cent) and whether the lightness of what is below is kept."""

    opacity: int = 100
    keep_luminance: bool = False

    @property
    def blending_mode(self) -> str:
        return "color" if self.keep_luminance else "normal"

    @property
    def krita_opacity(self) -> int:
        return round(self.opacity * 255 / 100)


def read(source: Source, space: Space, area: Area | None = None) -> Steps[bytearray]:
    """The source's pixels, or those of an area in it, in ``space``, row after row."""
    area = area or source.area
    pixels = bytearray()
    with converter(source.space, space) as convert:
        yield
        for band in area.bands(_rows(area, source.space, space)):
            pixels += convert(source.pixels(band), band.width, band.height)
            yield
    return pixels


def write(source: Source, pixels: bytearray, wire: WireFormat, area: Area, name: str, look: Look) -> Steps[Any]:
    """A new layer over the source, in the source's own colour space; gives its identifier. It appears whole, in one
    undo step, after the last band. Nothing pauses after that: a cancellation in between would lose sight of it."""
    with scratch(source.space) as workshop:
        yield
        layer = workshop.layer(name)
        layer.setOpacity(look.krita_opacity)
        layer.setBlendingMode(look.blending_mode)
        with converter(wire.space, source.space) as convert:
            yield
            yield from _fill(layer, pixels, wire.space, area, convert)
        yield
        insert(source.document, layer, source.above)
    return layer.uniqueId()


def insert(document: Any, layer: Any, above: Any) -> None:
    """Over the layer with the identifier ``above``; on top where that is None or gone. One undo step.

    With 4096 x 4096 pixels Krita is silent for 0.15 to 0.4 s while it draws the picture anew (two cores, OpenGL in
    software or none, 5.2 and 5.3). It is so for an empty layer, for one that is added hidden and for the artist's own
    click on a layer's eye, while in a picture without a view it takes 0.02 s: the layer itself is not what takes time.
    The action for a new layer (0.09 s) draws nothing, but then undoing it draws nothing either.
    """
    below = document.nodeByUniqueID(above) if above is not None else _topmost(document)
    parent = below.parentNode() if below else None
    if parent is None:
        below, parent = _topmost(document), document.rootNode()
    if not parent.addChildNode(layer, below):
        raise Problem(_("Krita did not take the new layer."), _("Check that the picture can be edited."))


def _topmost(document: Any) -> Any:
    layers = [node for node in document.topLevelNodes() if not node.type().endswith("mask")]
    return layers[-1] if layers else None


def _fill(
    layer: Any, pixels: bytearray, space: Space, area: Area, convert: Callable[[bytes, int, int], bytes]
) -> Steps[None]:
    own = space_of(layer)
    row = area.width * space.pixel_bytes
    view = memoryview(pixels)
    for band in area.bands(_rows(area, own, space)):
        start = (band.y - area.y) * row
        piece = bytes(view[start : start + band.height * row])
        put(layer, convert(piece, band.width, band.height), band)
        yield


def _rows(area: Area, one: Space, other: Space) -> int:
    if one != other:
        return max(1, _CONVERTED_PIXELS // area.width)
    return max(1, _BAND_BYTES // (area.width * one.pixel_bytes))
