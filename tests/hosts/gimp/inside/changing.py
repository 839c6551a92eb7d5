"""Changes layers and pictures as an artist does."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from .base import Gegl, Gimp, find, write


def give_mask(layer: int, pixels: str = "") -> int:
    """White without pixels."""
    changed = find(layer)
    mask = changed.create_mask(Gimp.AddMaskType.WHITE)
    changed.add_mask(mask)
    if pixels:
        write(mask, base64.b64decode(pixels))
    return int(mask.get_id())


def give_effect(
    layer: int, operation: str, opacity: float = 1, mode: str = "REPLACE", shown: bool = True, **settings: Any
) -> None:
    changed = find(layer)
    effect = Gimp.DrawableFilter.new(changed, operation, operation)
    for name, value in settings.items():
        effect.get_config().set_property(name.replace("_", "-"), value)
    effect.set_opacity(opacity)
    effect.set_blend_mode(getattr(Gimp.LayerMode, mode))
    effect.set_visible(shown)
    changed.append_filter(effect)
    effect.update()


def arrange(
    layer: int,
    *,
    mode: str = "",
    composite: str = "",
    opacity: float | None = None,
    shown: bool = True,
    masked: bool = True,
    locked: Sequence[str] = (),
) -> None:
    """Mode and composite mode by GIMP's names; locked are content, position, visibility and alpha."""
    changed = find(layer)
    if mode:
        changed.set_mode(getattr(Gimp.LayerMode, mode))
    if composite:
        changed.set_composite_mode(getattr(Gimp.LayerCompositeMode, composite))
    if opacity is not None:
        changed.set_opacity(opacity)
    changed.set_visible(shown)
    if changed.get_mask():
        changed.set_apply_mask(masked)
    for lock in locked:
        getattr(changed, f"set_lock_{lock}")(True)


def paint(layer: int, colour: str) -> None:
    """Fills a layer with one colour."""
    Gimp.context_set_foreground(Gegl.Color.new(colour))
    find(layer).fill(Gimp.FillType.FOREGROUND)


def make_indexed(image: int) -> None:
    picture = Gimp.Image.get_by_id(image)
    picture.flatten()
    picture.convert_indexed(
        Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 8, False, False, "from the test"
    )


def float_selection(layer: int) -> None:
    Gimp.edit_copy([find(layer)])
    Gimp.edit_paste(find(layer), True)


def select(image: int, ellipse: list[int], feather: float = 0) -> None:
    """An ellipse x, y, width, height; nothing of it selects all."""
    picture = Gimp.Image.get_by_id(image)
    if ellipse:
        picture.select_ellipse(Gimp.ChannelOps.REPLACE, *ellipse)
        if feather:
            Gimp.Selection.feather(picture, feather)
    else:
        Gimp.Selection.none(picture)


def choose(image: int, layers: list[int]) -> None:
    Gimp.Image.get_by_id(image).set_selected_layers([find(layer) for layer in layers])
