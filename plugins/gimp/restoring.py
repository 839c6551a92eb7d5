"""Results that were made are kept, and put into a picture again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from gi.repository import Gegl, Gimp

from ..core import restoring
from ..core.area import Area
from ..core.kept_results import Kept, ResultStore, Thumbnail
from ..core.look import Look
from ..core.origins import origin_from
from ..core.pixels import Pixels, WireFormat
from ..core.problems import Problem
from ..core.restoring import PastResult
from ..core.texts import _, ngettext
from ..core.translating import Made
from . import pixels
from .document import NOTED, GimpDocument
from .pixels import rectangle
from .steps import finish

_THUMBNAIL_SIDE = 96
_THUMBNAIL_FORMAT = "R'G'B'A u8"


def keep(store: ResultStore, image: Gimp.Image, made: Sequence[Made]) -> None:
    """The new layers of a translation, in its progress. What cannot be kept is in the picture all the same; GIMP then
    says why."""
    Gimp.progress_init(_("Keeping the result"))
    try:
        for one in made:
            if not _keep(store, image, one):
                Gimp.message(_("The result is in the picture, but it is too large to be kept for later."))
    except (OSError, MemoryError) as error:
        why = _("not enough memory") if isinstance(error, MemoryError) else error.strerror or error
        Gimp.message(_("The result is in the picture, but it could not be kept for later ({why}).").format(why=why))


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


def insert_again(store: ResultStore, image: Gimp.Image, kept: Kept) -> None:
    """As a new layer above the active one, where it was, in one undo step. Raises Problem."""
    gone, extra = _("This result is not kept any more, or it is damaged."), kept.entry.extra
    try:
        look = Look(float(extra["opacity"]), extra["keep luminance"] == "yes")
        origin = origin_from(extra["origin"], NOTED)
    except (KeyError, ValueError):
        raise Problem(gone, _("Apply the filter again.")) from None
    past = PastResult(kept.entry, lambda: store.pixels(kept), gone, look, origin)
    finish(restoring.insert_again(GimpDocument(image), past))


def _keep(store: ResultStore, image: Gimp.Image, made: Made) -> bool:
    """As ``ResultStore.add``. What is kept is what can be seen: the layer's own pixels, selected as they are."""
    with _unmasked(image, made.layer) as shown:
        format = pixels.wire_format(shown)
        area = Area(0, 0, shown.get_width(), shown.get_height())
        place = area.moved(made.source.kept.x, made.source.kept.y)
        content = Pixels(place, format, pixels.read(shown, area, format))
        named = replace(made, new=replace(made.new, name=made.layer.get_name()))
        entry = restoring.entry_of(named, content, _extra(image, made, format))
        return store.add(entry, content.data, _thumbnail(shown))


@contextmanager
def _unmasked(image: Gimp.Image, layer: Gimp.Layer) -> Iterator[Gimp.Layer]:
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


def _extra(image: Gimp.Image, made: Made, format: WireFormat) -> dict[str, str]:
    look = made.new.look
    return {
        "picture": image.get_name(),
        **format.own,
        "opacity": str(look.opacity),
        "keep luminance": "yes" if look.keep_luminance else "no",
        "origin": made.origin.written(NOTED),
    }


def _thumbnail(layer: Gimp.Layer) -> Thumbnail:
    scale = min(1.0, _THUMBNAIL_SIDE / max(layer.get_width(), layer.get_height()))
    width, height = (max(1, round(length * scale)) for length in (layer.get_width(), layer.get_height()))
    area = rectangle(Area(0, 0, width, height))
    return Thumbnail(width, height, layer.get_buffer().get(area, scale, _THUMBNAIL_FORMAT, Gegl.AbyssPolicy.NONE))
