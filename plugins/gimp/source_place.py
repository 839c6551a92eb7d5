"""Remembers where a training's painting is in GIMP, as a text that outlives the picture's window and GIMP itself.

A layer's number is valid until GIMP ends, its tattoo for as long as its picture's file exists.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from typing import Any

from gi.repository import Gimp


def note(layer: Gimp.Layer) -> str:
    """Returns a text by which ``find`` finds the layer again."""
    return json.dumps(
        {
            "gimp": os.getppid(),  # the plug-in's parent is GIMP itself
            "layer": layer.get_id(),
            "tattoo": layer.get_tattoo(),
            "picture": _file_of(layer.get_image()),
        }
    )


def find(noted: str, names: Sequence[str]) -> Gimp.Layer | None:
    """Returns the layer of a note; else the one in all open pictures with one of these names, if there is only one."""
    place = _parsed(noted)
    return _by_number(place) or _by_tattoo(place) or _by_name(names)


def _by_number(place: dict[str, Any]) -> Gimp.Layer | None:
    if place.get("gimp") != os.getppid() or not Gimp.Item.id_is_layer(place["layer"]):
        return None
    layer = Gimp.Layer.get_by_id(place["layer"])
    return layer if layer is not None and layer.get_image() in Gimp.get_images() else None


def _by_tattoo(place: dict[str, Any]) -> Gimp.Layer | None:
    if not place.get("picture"):
        return None
    pictures = (image for image in Gimp.get_images() if _file_of(image) == place["picture"])
    return next(filter(None, (image.get_layer_by_tattoo(place["tattoo"]) for image in pictures)), None)


def _by_name(names: Sequence[str]) -> Gimp.Layer | None:
    found = [layer for image in Gimp.get_images() for layer in every(image.get_layers()) if layer.get_name() in names]
    return found[0] if len(found) == 1 else None


def every(layers: Sequence[Gimp.Layer]) -> Iterator[Gimp.Layer]:
    """Yields the layers and those in groups, in the order of GIMP's layer list."""
    for layer in layers:
        yield layer
        if layer.is_group():
            yield from every(layer.get_children())


def _file_of(image: Gimp.Image) -> str:
    file = image.get_file()
    return file.get_uri() if file else ""


def _parsed(noted: str) -> dict[str, Any]:
    """Returns what a note says; empty for a text that is not one of ours, such as Krita's."""
    try:
        place = json.loads(noted)
    except ValueError:
        return {}
    kinds = {"gimp": int, "layer": int, "tattoo": int, "picture": str}
    ours = isinstance(place, dict) and all(isinstance(place.get(name), kind) for name, kind in kinds.items())
    return place if ours else {}
