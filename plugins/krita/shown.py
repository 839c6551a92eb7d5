"""What a layer shows by itself, apart from the rest of the picture."""

from __future__ import annotations

from krita import Document, Node

from .groups import passes_through
from .host import canvas, space_of
from .scratch import put, scratch

_BAND_BYTES = 16 << 20
_CHANGING_MASKS = ("transparencymask", "filtermask", "transformmask", "colorizemask")


def shows_other_pixels(layer: Node) -> bool:
    """Returns whether masks or a layer style make a layer show other pixels than its own."""
    return _has_style(layer) or any(child.type() in _CHANGING_MASKS for child in layer.childNodes())


def is_current(layer: Node) -> bool:
    """Returns whether the projection that Krita keeps of a layer is what the layer shows: layer styles are not in it,
    a hidden layer's is left as it was, and a pass-through group has none."""
    return layer.visible() and not _has_style(layer) and not passes_through(layer)


def flattened(document: Document, layer: Node) -> Node:
    """Returns a paint layer of no document with all that a layer shows on the canvas, at full opacity. Its bounds are
    true: those of the layer itself know nothing of what masks and styles move or add. Blocks the interface for 0.2 s
    with 4096 x 4096 pixels, and for 0.5 s where the layer is not current."""
    area, space = canvas(document), space_of(layer)
    with scratch(space, area.width, area.height) as workshop:
        shown = layer if is_current(layer) else workshop.rendered(layer)
        flat = workshop.layer(layer.name())
        for band in area.bands(_BAND_BYTES // (area.width * space.pixel_bytes)):
            put(flat, bytes(shown.projectionPixelData(band.x, band.y, band.width, band.height)), band)
    return flat


def _has_style(layer: Node) -> bool:
    return bool(layer.layerStyleToAsl())
