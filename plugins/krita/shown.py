"""What a layer shows by itself, apart from the rest of the picture."""

from __future__ import annotations

from krita import Document, Node

from ..core.area import Area
from .groups import passes_through
from .host import canvas, space_of
from .scratch import put, scratch

_BAND_BYTES = 16 << 20
_GROWING_MASKS = ("filtermask", "transformmask", "colorizemask")
_CHANGING_MASKS = ("transparencymask", *_GROWING_MASKS)


def shows_other_pixels(layer: Node) -> bool:
    """Returns whether masks or a layer style make a layer show other pixels than its own."""
    return _has_style(layer) or _has_mask(layer, _CHANGING_MASKS)


def is_current(layer: Node) -> bool:
    """Returns whether the projection that Krita keeps of a layer is what the layer shows: layer styles are not in it,
    a hidden layer's is left as it was, and a pass-through group has none."""
    return layer.visible() and not _has_style(layer) and not passes_through(layer)


def flattened(document: Document, layer: Node) -> Node:
    """Returns a paint layer of no document with all that a layer shows on the canvas, at full opacity. Its bounds are
    true: the layer's own know nothing of what masks and styles move or add. With 4096 x 4096 pixels it blocks the
    interface for 0.4 s, and for 0.7 s where the layer is not current."""
    current, space, area = is_current(layer), space_of(layer), _reach(document, layer)
    with scratch(space, *((1, 1) if current else (document.width(), document.height()))) as workshop:
        shown = layer if current else workshop.rendered(layer)
        flat = workshop.layer(layer.name())
        for band in area.bands(_BAND_BYTES // (area.width * space.pixel_bytes)) if area else []:
            put(flat, bytes(shown.projectionPixelData(band.x, band.y, band.width, band.height)), band)
    return flat


def _reach(document: Document, layer: Node) -> Area | None:
    """Returns the part of the canvas on which a layer may show something."""
    if not is_current(layer) or _has_mask(layer, _GROWING_MASKS):
        return canvas(document)
    bounds = layer.bounds()
    return Area(bounds.x(), bounds.y(), bounds.width(), bounds.height()).common(canvas(document))


def _has_style(layer: Node) -> bool:
    return bool(layer.layerStyleToAsl())


def _has_mask(layer: Node, kinds: tuple[str, ...]) -> bool:
    return any(child.type() in kinds for child in layer.childNodes())
