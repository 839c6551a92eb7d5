"""Results that were made are kept, and put into a picture again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gi.repository import Gegl, Gimp

from ..core.area import Area
from ..core.history import Entry
from ..core.kept_results import Kept, ResultStore, Thumbnail
from ..core.problems import Problem
from ..core.texts import _, ngettext
from . import layers, pixels
from .layers import Look, Result
from .pixels import Format, rectangle

_THUMBNAIL_SIDE = 96
_THUMBNAIL_FORMAT = "R'G'B'A u8"


def keep(store: ResultStore, image: Any, made: list[tuple[Result, Any]], look: Look) -> None:
    """The new layers of one translation. What cannot be kept is in the picture all the same; GIMP then says why."""
    Gimp.progress_init(_("Keeping the result"))
    try:
        for result, layer in made:
            if not _keep(store, image, result, layer, look):
                Gimp.message(_("The result is in the picture, but it is too large to be kept for later."))
    except (OSError, MemoryError) as error:
        why = _("not enough memory") if isinstance(error, MemoryError) else error.strerror or error
        Gimp.message(_("The result is in the picture, but it could not be kept for later ({why}).").format(why=why))
    finally:
        Gimp.progress_end()


def numbered(store: ResultStore, number: int) -> Kept:
    """1 is the newest. Raises Problem when there are fewer."""
    kept = store.kept
    if number > len(kept):
        sentence = ngettext(
            "There is no result {number}; {count} is kept.", "There is no result {number}; {count} are kept.", len(kept)
        )
        raise Problem(
            sentence.format(number=number, count=len(kept)),
            _("Name a smaller number, or apply a filter first."),
        )
    return kept[number - 1]


def number_of(store: ResultStore, wanted: Kept) -> int:
    """For ``numbered``; 1 for one that is gone."""
    return next((number for number, kept in enumerate(store.kept, 1) if kept.file == wanted.file), 1)


def insert_again(store: ResultStore, image: Any, kept: Kept) -> None:
    """As a new layer above the active one, where it was, in one undo step. Raises Problem."""
    try:
        content = store.pixels(kept)
        form = pixels.named_format(kept.entry.extra["format"])
        look = Look(float(kept.entry.extra["opacity"]), kept.entry.extra["keep luminance"] == "yes")
        origin = json.loads(kept.entry.extra["origin"])
    except (KeyError, ValueError):
        raise Problem(_("This result is not kept any more, or it is damaged."), _("Apply the filter again.")) from None
    entry = kept.entry
    new = layers.empty(image, entry.layer_name, entry.width, entry.height, form.alpha)
    pixels.write(new, form, content)
    new.set_offsets(*entry.place)
    look.give(new)
    image.undo_group_start()
    try:
        layers.lay_above(image, new, next(iter(image.get_selected_layers()), None))
        layers.note_origin(new, origin)
    finally:
        image.undo_group_end()
    Gimp.displays_flush()


def _keep(store: ResultStore, image: Any, result: Result, layer: Any, look: Look) -> bool:
    """As ``ResultStore.add``."""
    with _unmasked(image, layer) as shown:
        form = pixels.wire_format(shown)
        area = Area(0, 0, shown.get_width(), shown.get_height())
        entry = _entry(image, result, layer.get_name(), shown, form, look)
        return store.add(entry, pixels.read(shown, area, form), _thumbnail(shown))


@contextmanager
def _unmasked(image: Any, layer: Any) -> Iterator[Any]:
    """The layer, or its copy with its mask applied: what is kept are pixels, without a mask."""
    if layer.get_mask() is None:
        yield layer
        return
    # GIMP applies the mask of a layer that lies in a picture, so it lies in one that nobody sees.
    precision, size = image.get_precision(), (layer.get_width(), layer.get_height())
    picture = Gimp.Image.new_with_precision(*size, image.get_base_type(), precision)
    try:
        picture.undo_disable()
        profile = image.get_color_profile()
        if profile:
            picture.set_color_profile(profile)
        copy = Gimp.Layer.new_from_drawable(layer, picture)
        picture.insert_layer(copy, None, 0)
        copy.remove_mask(Gimp.MaskApplyMode.APPLY)
        yield copy
    finally:
        picture.delete()


def _entry(image: Any, result: Result, name: str, layer: Any, form: Format, look: Look) -> Entry:
    return Entry(
        filter_id=result.origin["filter"],
        filter_title=result.title,
        filter_sha256=result.origin["sha256"],
        layer_name=name,
        width=layer.get_width(),
        height=layer.get_height(),
        channels=form.channels,
        sample_type=form.sample_type,
        place=result.source.place,
        extra={
            "picture": image.get_name(),
            "format": form.name,
            "opacity": str(look.opacity),
            "keep luminance": "yes" if look.keep_luminance else "no",
            "origin": json.dumps(result.origin),
        },
    )


def _thumbnail(layer: Any) -> Thumbnail:
    scale = min(1.0, _THUMBNAIL_SIDE / max(layer.get_width(), layer.get_height()))
    width, height = (max(1, round(length * scale)) for length in (layer.get_width(), layer.get_height()))
    area = rectangle(Area(0, 0, width, height))
    shown: bytes = layer.get_buffer().get(area, scale, _THUMBNAIL_FORMAT, Gegl.AbyssPolicy.NONE)
    return Thumbnail(width, height, shown)
