"""What the functions here share: GIMP's interfaces, items by number, and raw pixels."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from importlib import import_module
from typing import Any

# For more than the plug-in, whose stubs know only what it does with them.
Babl, Gegl, Gimp, Gio = (import_module(f"gi.repository.{name}") for name in ("Babl", "Gegl", "Gimp", "Gio"))


def find(number: int) -> Any:
    """None for 0."""
    return Gimp.Item.get_by_id(number) if number else None


def raw(drawable: Any, area: Sequence[int] = ()) -> bytes:
    """All of it without an area."""
    place = Gegl.Rectangle.new(*(area or (0, 0, drawable.get_width(), drawable.get_height())))
    return bytes(drawable.get_buffer().get(place, 1.0, None, Gegl.AbyssPolicy.NONE))


def read(drawable: Any, area: Sequence[int] = ()) -> str:
    """The same, as the requests carry it."""
    return base64.b64encode(raw(drawable, area)).decode()


def write(drawable: Any, raw: bytes) -> None:
    """Fills a whole drawable."""
    width, height = drawable.get_width(), drawable.get_height()
    assert len(raw) == width * height * drawable.get_bpp(), (len(raw), width, height, drawable.get_bpp())
    buffer = drawable.get_buffer()
    buffer.set(Gegl.Rectangle.new(0, 0, width, height), Babl.get_name(drawable.get_format()), raw)
    buffer.flush()
    drawable.update(0, 0, width, height)
