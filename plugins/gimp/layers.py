"""From a layer to what is translated, and from the result to a new layer above it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from gi.repository import Gimp

from ..core.area import Area
from ..core.layers import result_name
from ..core.problems import Problem
from ..core.texts import _
from . import pixels
from .pixels import Format

PARASITE = "pleinair-translation"
LAYER, VISIBLE = "layer", "visible"
# A filter looks at its surroundings, so a selection is sent with some of them.
_LEAST_MARGIN = 128
_SAVED_AND_UNDONE = Gimp.PARASITE_PERSISTENT | Gimp.PARASITE_UNDOABLE


@dataclass(frozen=True)
class Look:
    """How the result lies on what is below it."""

    opacity: float = 100.0  # per cent
    keep_luminance: bool = False

    def give(self, layer: Any) -> None:
        layer.set_opacity(self.opacity)
        layer.set_mode(Gimp.LayerMode.LCH_COLOR if self.keep_luminance else Gimp.LayerMode.NORMAL)


@dataclass(frozen=True)
class Source:
    """What is translated, as it was when the artist asked for it; areas are in the drawable's coordinates.

    ``sent`` surrounds ``kept``, which becomes the new layer at ``place`` in the picture. ``selection`` and ``mask`` are
    raw masks of ``kept``, or None.
    """

    image: Any
    layer: Any | None  # the result goes above it; without one on top of all
    name: str
    form: Format
    sent: Area
    kept: Area
    place: tuple[int, int]
    pixels: bytes
    selection: bytes | None
    mask: bytes | None
    alpha: bytes | None  # the raw pixels of ``kept`` where the wire would round their alpha
    pixel_bytes: int


@dataclass(frozen=True)
class Result:
    """A source's translation, whole: the pixels of its ``sent``."""

    source: Source
    pixels: bytes | bytearray
    title: str
    origin: dict[str, Any]  # for the parasite: filter, hash, what computed


def chosen_layers(image: Any, drawables: list[Any], kind: str) -> list[Any | None]:
    """The layers to translate, bottom first; None stands for the visible picture. Raises Problem."""
    check_editable(image)
    if kind == VISIBLE:
        return [None]
    layers = [_layer_of(drawable) for drawable in drawables]
    if not layers:
        raise Problem(_("No layer is selected."), _("Select one or more layers and try again."))
    return [layer for number, layer in enumerate(layers) if layer not in layers[:number]]


def check_editable(image: Any) -> None:
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


def capture(image: Any, layer: Any | None) -> Source | None:
    """Reads the pixels, the selection and the mask of a layer, or of all that is visible; None where nothing of it is
    selected. The picture is left as it is."""
    with readable(image, layer) as drawable:
        return _captured(image, layer, drawable)


def insert(image: Any, results: list[Result], look: Look) -> list[Any]:
    """Puts every result above its source, all in one undo step, or none and the exception.

    The artist's layers stay selected: what is repeated is their translation, not a translation's.
    """
    made: list[Any] = []
    selected = image.get_selected_layers()
    image.undo_group_start()
    try:
        for result in results:
            made.append(_insert(image, result, look))
    except BaseException:
        for layer in made:
            image.remove_layer(layer)
        raise
    finally:
        image.set_selected_layers(selected)
        image.undo_group_end()
    return made


@contextmanager
def readable(image: Any, layer: Any | None) -> Iterator[Any]:
    """The drawable to read: the layer, its copy with its own effects applied, or all that is visible."""
    if layer is None:
        drawable = Gimp.Layer.new_from_visible(image, image, "visible")
    elif layer.get_filters() and not layer.is_group():
        drawable = layer.copy()
        drawable.merge_filters()
    else:
        yield layer
        return
    try:
        yield drawable
    finally:
        drawable.delete()


def selected_area(image: Any, drawable: Any) -> Area | None:
    """The part of a drawable that is selected, in its own coordinates; all of it without a selection."""
    offset = offset_of(drawable)
    size = drawable.get_width(), drawable.get_height()
    if Gimp.Selection.is_empty(image):
        return Area(0, 0, *size)
    bounds = Gimp.Selection.bounds(image)
    selected = Area(bounds.x1, bounds.y1, bounds.x2 - bounds.x1, bounds.y2 - bounds.y1)
    return selected.moved(-offset[0], -offset[1]).within(*size)


def empty(image: Any, name: str, width: int, height: int, alpha: bool) -> Any:
    """A new layer, of the picture's kind, that does not lie in it yet."""
    return Gimp.Layer.new(image, name, width, height, _type(image, alpha), 100, Gimp.LayerMode.NORMAL)


def lay_above(image: Any, new: Any, layer: Any | None) -> None:
    """Puts a new layer into the picture, on top of all without another layer. Raises Problem."""
    parent = layer.get_parent() if layer else None
    position = image.get_item_position(layer) if layer else 0
    if not image.insert_layer(new, parent, position):
        new.delete()
        raise Problem(_("GIMP did not take the new layer."), _("Its error console says why."))


def note_origin(layer: Any, origin: dict[str, Any]) -> None:
    """In a parasite, which is saved with the picture."""
    layer.attach_parasite(Gimp.Parasite.new(PARASITE, _SAVED_AND_UNDONE, list(json.dumps(origin).encode())))


def offset_of(drawable: Any) -> tuple[int, int]:
    offsets = drawable.get_offsets()
    return offsets.offset_x, offsets.offset_y


def _layer_of(drawable: Any) -> Any:
    if isinstance(drawable, Gimp.LayerMask):
        return Gimp.Layer.from_mask(drawable)
    if isinstance(drawable, Gimp.Layer):
        return drawable
    raise Problem(
        _("“{name}” is a channel, which has no colours.").format(name=drawable.get_name()),
        _("Select a layer and try again."),
    )


def _captured(image: Any, layer: Any | None, drawable: Any) -> Source | None:
    offset = offset_of(drawable)
    kept = selected_area(image, drawable)
    if kept is None:
        return None
    margin = max(_LEAST_MARGIN, max(kept.width, kept.height) // 2)
    sent = kept.grown(margin).within(drawable.get_width(), drawable.get_height())
    assert sent is not None
    form = pixels.wire_format(drawable)
    selected = None if Gimp.Selection.is_empty(image) else image.get_selection()
    mask = layer.get_mask() if layer and layer.get_apply_mask() else None
    rounded = form.alpha and pixels.rounds_alpha(drawable)
    return Source(
        image=image,
        layer=layer,
        name=layer.get_name() if layer else _("Visible picture"),
        form=form,
        sent=sent,
        kept=kept,
        place=(kept.x + offset[0], kept.y + offset[1]),
        pixels=pixels.read(drawable, sent, form),
        selection=pixels.read_raw(selected, kept.moved(*offset)) if selected else None,
        mask=pixels.read_raw(mask, kept) if mask else None,
        alpha=pixels.read_raw(drawable, kept) if rounded else None,
        pixel_bytes=drawable.get_bpp(),
    )


def _insert(image: Any, result: Result, look: Look) -> Any:
    source = result.source
    if source.layer is not None and not source.layer.is_valid():
        raise Problem(
            _("The layer “{name}” is gone.").format(name=source.name),
            _("Undo what removed it, or select another layer, and try again."),
        )
    new = _filled(image, result)
    new.set_offsets(*source.place)
    look.give(new)
    lay_above(image, new, source.layer)
    if source.selection is not None:
        _add_mask(new, source.selection)
        new.remove_mask(Gimp.MaskApplyMode.APPLY)
    if source.mask is not None:
        _add_mask(new, source.mask)
    note_origin(new, result.origin)
    return new


def _filled(image: Any, result: Result) -> Any:
    source = result.source
    name = result_name(result.title, source.name)
    alpha = source.form.alpha or source.selection is not None
    new = empty(image, name, source.kept.width, source.kept.height, alpha)
    pixels.write(new, source.form, pixels.crop(result.pixels, source.form, source.sent, source.kept))
    if source.alpha is not None:
        pixels.keep_alpha(new, source.alpha, source.pixel_bytes)
    return new


def _type(image: Any, alpha: bool) -> Any:
    if image.get_base_type() == Gimp.ImageBaseType.GRAY:
        return Gimp.ImageType.GRAYA_IMAGE if alpha else Gimp.ImageType.GRAY_IMAGE
    return Gimp.ImageType.RGBA_IMAGE if alpha else Gimp.ImageType.RGB_IMAGE


def _add_mask(layer: Any, raw: bytes) -> None:
    mask = layer.create_mask(Gimp.AddMaskType.WHITE)
    layer.add_mask(mask)
    pixels.write_raw(mask, raw)
