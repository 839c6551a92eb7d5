"""GIMP's layers: which of them are translated, how they are read, and where new ones go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gi.repository import Gimp

from ..core.area import Area
from ..core.look import Look
from ..core.problems import Problem
from ..core.texts import _
from .blending import check_separate
from .effects import has_effects, with_effects

LAYER, VISIBLE = "layer", "visible"  # the values of the procedure's argument for the source


def chosen_layers(image: Gimp.Image, drawables: list[Gimp.Drawable], kind: str) -> list[Gimp.Layer | None]:
    """Returns the layers to translate, in the drawables' order; None stands for the visible picture. Raises Problem."""
    if kind != VISIBLE:
        return [*selected_layers(image, drawables)]
    check_editable(image)
    return [None]


def selected_layers(image: Gimp.Image, drawables: list[Gimp.Drawable]) -> list[Gimp.Layer]:
    """Returns the layers that the drawables are or belong to, each once. Raises Problem."""
    check_editable(image)
    layers = [_layer_of(drawable) for drawable in drawables]
    if not layers:
        raise Problem(_("No layer is selected."), _("Select one or more layers and try again."))
    return [layer for number, layer in enumerate(layers) if layer not in layers[:number]]


def check_editable(image: Gimp.Image) -> None:
    """Raises Problem for a picture that cannot take a translation as a new layer."""
    if image.get_base_type() == Gimp.ImageBaseType.INDEXED:
        raise Problem(
            _("This picture has indexed colours, which a filter cannot mix."),
            _("Choose Image > Mode > RGB first."),
        )
    if image.get_floating_sel():
        raise Problem(
            _("This picture has a floating selection."), _("Anchor it or make it a layer first, in the Layer menu.")
        )


def give_look(layer: Gimp.Layer, look: Look) -> None:
    layer.set_opacity(look.opacity)
    layer.set_mode(Gimp.LayerMode.LCH_COLOR if look.keep_luminance else Gimp.LayerMode.NORMAL)


@contextmanager
def readable(image: Gimp.Image, layer: Gimp.Layer | None) -> Iterator[Gimp.Layer]:
    """Yields the drawable to read: the layer, a temporary one with its effects, or all that is visible. Raises Problem
    for an empty group, and for one that does not look the same by itself."""
    if layer is None:
        drawable = Gimp.Layer.new_from_visible(image, image, "visible")
        try:
            yield drawable
        finally:
            drawable.delete()
        return
    _check_filled(layer)
    check_separate(layer)
    if not has_effects(layer):
        yield layer
        return
    with with_effects(image, layer) as drawable:
        yield drawable


def selected_area(image: Gimp.Image, drawable: Gimp.Drawable) -> Area | None:
    """Returns the selected part of a drawable in its own coordinates: all of it without a selection, None if the
    selection does not touch it."""
    offset = offset_of(drawable)
    size = drawable.get_width(), drawable.get_height()
    if Gimp.Selection.is_empty(image):
        return Area(0, 0, *size)
    bounds = Gimp.Selection.bounds(image)
    selected = Area(bounds.x1, bounds.y1, bounds.x2 - bounds.x1, bounds.y2 - bounds.y1)
    return selected.moved(-offset[0], -offset[1]).within(*size)


def lay_above(image: Gimp.Image, new: Gimp.Layer, layer: Gimp.Layer | None) -> None:
    """Inserts a new layer above ``layer``, or on top of all when that is None. Raises Problem."""
    parent = layer.get_parent() if layer else None
    position = image.get_item_position(layer) if layer else 0
    if not image.insert_layer(new, parent, position):
        new.delete()
        raise Problem(_("GIMP did not accept the new layer."), _("See its error console."))


def offset_of(drawable: Gimp.Drawable) -> tuple[int, int]:
    offsets = drawable.get_offsets()
    return offsets.offset_x, offsets.offset_y


def _check_filled(layer: Gimp.Layer) -> None:
    if layer.is_group() and not layer.get_children():
        raise Problem(
            _("The group “{name}” is empty.").format(name=layer.get_name()),
            _("Put layers into it, or select another layer."),
        )


def _layer_of(drawable: Gimp.Drawable) -> Gimp.Layer:
    if isinstance(drawable, Gimp.LayerMask):
        return Gimp.Layer.from_mask(drawable)
    if isinstance(drawable, Gimp.Layer):
        return drawable
    raise Problem(
        _("“{name}” is a channel, which has no colours.").format(name=drawable.get_name()),
        _("Select a layer and try again."),
    )
