"""Layers with effects of their own, read as GIMP shows them.

Where effects only change a layer's pixels, they are merged into a copy. Others are drawn in a hidden picture: GIMP 3.0
misplaces what reaches beyond the layer, all versions make it opaque if the layer is, and groups have nothing to merge
into. The buffer of a group is never read while effects are on: it lacks the group's own, and where one of a layer in it
reaches beyond the group, GIMP ends the plug-in.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gi.repository import Gimp

from ..core.area import Area
from .blank import empty_layer, stage

# In pixels: how far from its layer an effect is looked for, lest a layer far outside of the picture take all memory.
_REACH = 8192


def has_effects(layer: Gimp.Layer) -> bool:
    """Returns whether effects are switched on for the layer, or for one in this group."""
    children = layer.get_children() if layer.is_group() else []
    return has_own_effects(layer) or any(has_effects(child) for child in children)


def has_own_effects(layer: Gimp.Layer) -> bool:
    return any(effect.get_visible() for effect in layer.get_filters())


@contextmanager
def with_effects(image: Gimp.Image, layer: Gimp.Layer) -> Iterator[Gimp.Layer]:
    """Yields a temporary drawable with what the effects make of ``layer``, without its mask and look. It covers the
    layer and what the effects add to it within the picture, if no mask hides that; its offsets are on the canvas."""
    copy = None if layer.is_group() else layer.copy()
    try:
        if copy and copy.merge_filters() and area_of(copy) == area_of(layer):
            yield copy
            return
    finally:
        if copy:
            copy.delete()
    with _drawn(image, layer) as drawable:
        yield drawable


def area_of(drawable: Gimp.Drawable) -> Area:
    """Returns where a drawable lies on the canvas."""
    offsets = drawable.get_offsets()
    return Area(offsets.offset_x, offsets.offset_y, drawable.get_width(), drawable.get_height())


@contextmanager
def _drawn(image: Gimp.Image, layer: Gimp.Layer) -> Iterator[Gimp.Layer]:
    own, reach = area_of(layer), _reach(image, layer)
    with stage(image, reach.width, reach.height) as picture:
        copy = _put(picture, layer, reach)
        _make_room(picture, copy)
        seen, opaque = _seen(picture)
        kept = own.joined(opaque.moved(reach.x, reach.y)) if opaque else own
        seen.resize(kept.width, kept.height, reach.x - kept.x, reach.y - kept.y)
        seen.set_offsets(kept.x, kept.y)
        yield seen


def _reach(image: Gimp.Image, layer: Gimp.Layer) -> Area:
    """Returns where the layer and its effects can be seen. A mask hides all that is beyond it."""
    own, mask = area_of(layer), layer.get_mask()
    if mask and layer.get_apply_mask():
        return own.joined(area_of(mask))  # a group may have grown only when it was given its mask
    around = own.grown(_REACH).within(image.get_width(), image.get_height())
    return own.joined(around) if around else own


def _put(picture: Gimp.Image, layer: Gimp.Layer, reach: Area) -> Gimp.Layer:
    """Puts a copy of the layer, shown as it is by itself, into an empty picture, which then shows ``reach``. It keeps
    the lock of its position: GIMP cuts off what effects add to a layer that cannot be moved."""
    copy = Gimp.Layer.new_from_drawable(layer, picture)
    picture.insert_layer(copy, None, 0)
    picture.resize(reach.width, reach.height, -reach.x, -reach.y)
    copy.set_lock_visibility(False)
    copy.set_visible(True)
    copy.set_opacity(100)
    copy.set_mode(Gimp.LayerMode.NORMAL)
    copy.set_composite_mode(Gimp.LayerCompositeMode.AUTO)
    if copy.get_mask():
        copy.remove_mask(Gimp.MaskApplyMode.DISCARD)
    return copy


def _make_room(picture: Gimp.Image, layer: Gimp.Layer) -> None:
    """Widens groups with effects of their own, by an empty layer, to what the effects of their layers add: in copies of
    such groups GIMP 3.2 cuts that off."""
    children = layer.get_children() if layer.is_group() else []
    for child in children:
        _make_room(picture, child)
    if has_own_effects(layer) and any(has_effects(child) for child in children):
        inside = _inside(picture, layer)
        if inside:
            room = empty_layer(picture, "", inside.width, inside.height, alpha=True)
            picture.insert_layer(room, layer, 0)
            room.set_offsets(inside.x, inside.y)
            room.fill(Gimp.FillType.TRANSPARENT)


def _inside(picture: Gimp.Image, group: Gimp.Layer) -> Area | None:
    """Returns the rectangle around all that a group shows without its own effects."""
    canvas = Area(0, 0, picture.get_width(), picture.get_height())
    with stage(picture, canvas.width, canvas.height) as other:
        for effect in _put(other, group, canvas).get_filters():
            effect.delete()
        return _seen(other)[1]


def _seen(picture: Gimp.Image) -> tuple[Gimp.Layer, Area | None]:
    """Returns a new layer with all that is visible, and the rectangle around what of it is not transparent."""
    seen = Gimp.Layer.new_from_visible(picture, picture, "")
    picture.insert_layer(seen, None, 0)
    picture.select_item(Gimp.ChannelOps.REPLACE, seen)
    bounds = Gimp.Selection.bounds(picture)
    if not bounds.non_empty:
        return seen, None
    return seen, Area(bounds.x1, bounds.y1, bounds.x2 - bounds.x1, bounds.y2 - bounds.y1)
