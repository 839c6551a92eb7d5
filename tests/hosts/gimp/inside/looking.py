"""Looks at pictures and layers. Pixels travel as base64."""

from __future__ import annotations

import base64
import json
import os
import struct
from typing import Any

from .base import Gegl, Gimp, find, raw, read, write


def srgb(item: int) -> str:
    """Red, green, blue and alpha as GIMP shows them, encoded as sRGB, in floats."""
    found = find(item)
    area = Gegl.Rectangle.new(0, 0, found.get_width(), found.get_height())
    return base64.b64encode(found.get_buffer().get(area, 1.0, "R'G'B'A float", Gegl.AbyssPolicy.NONE)).decode()


def selection(image: int, area: list[int]) -> str:
    """Raw, as GIMP stores it."""
    return read(Gimp.Image.get_by_id(image).get_selection(), area)


def pixels(item: int) -> str:
    """Raw, as GIMP stores them."""
    return read(find(item))


def scatter(layer: int) -> None:
    """Fills a layer with noise that need not travel."""
    filled = find(layer)
    row = filled.get_width() * filled.get_bpp()
    some = os.urandom(row + 255)
    write(filled, b"".join(some[top % 256 : top % 256 + row] for top in range(filled.get_height())))


def alike(first: int, second: int) -> bool:
    """Whether two layers have the same pixels."""
    return raw(find(first)) == raw(find(second))


def visible(image: int) -> str:
    picture = Gimp.Image.get_by_id(image)
    return read(Gimp.Layer.new_from_visible(picture, picture, "visible"))


def layers(image: int = 0, group: int = 0) -> list[dict[str, Any]]:
    found = find(group).get_children() if group else Gimp.Image.get_by_id(image).get_layers()
    return [_told(layer) for layer in found]


def picked(image: int, x: int, y: int) -> list[float]:
    """What is seen at one place: red, green, blue and alpha in sRGB, white is 1."""
    picture = Gimp.Image.get_by_id(image)
    shown = Gimp.Layer.new_from_visible(picture, picture, "visible")
    place = Gegl.Rectangle.new(x, y, 1, 1)
    found = shown.get_buffer().get(place, 1.0, "R'G'B'A float", Gegl.AbyssPolicy.NONE)
    shown.delete()
    return list(struct.unpack("4f", found))


def told(layer: int) -> dict[str, Any]:
    """What is known of one layer."""
    return _told(find(layer))


def parent(layer: int) -> int:
    """The group that a layer is in; 0 for none."""
    group = find(layer).get_parent()
    return int(group.get_id()) if group else 0


def selected(image: int) -> list[int]:
    return [layer.get_id() for layer in Gimp.Image.get_by_id(image).get_selected_layers()]


def pictures() -> list[int]:
    """All that are open, also the plug-in's own."""
    return [image.get_id() for image in Gimp.get_images()]


def changed(image: int) -> bool:
    """Since it was made or ``keep`` was called."""
    return bool(Gimp.Image.get_by_id(image).is_dirty())


def keep(image: int) -> None:
    """As if it had been saved."""
    Gimp.Image.get_by_id(image).clean_all()


def _told(layer: Any) -> dict[str, Any]:
    offsets = layer.get_offsets()
    mask = layer.get_mask()
    parasite = layer.get_parasite("pleinair-translation")
    return {
        "id": layer.get_id(),
        "name": layer.get_name(),
        "size": [layer.get_width(), layer.get_height()],
        "place": [offsets.offset_x, offsets.offset_y],
        "opacity": layer.get_opacity(),
        "colours only": layer.get_mode() == Gimp.LayerMode.LCH_COLOR,
        "composite": _name(Gimp.LayerCompositeMode, layer.get_composite_mode()),
        "group": layer.is_group(),
        "alpha": layer.has_alpha(),
        "mask": mask.get_id() if mask else 0,
        "origin": json.loads(bytes(parasite.get_data())) if parasite else None,
    }


def _name(names: Any, value: Any) -> str:
    return next(name for name in dir(names) if name.isupper() and getattr(names, name) == value)
