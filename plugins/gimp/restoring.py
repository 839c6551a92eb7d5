"""Keeps results on disk, and inserts them into a picture again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gi.repository import Gegl, Gimp

from ..core import restoring, stored_results
from ..core.area import Area
from ..core.kept_results import Kept, ResultStore, Thumbnail
from ..core.pixels import Pixels
from ..core.texts import _
from ..core.translating import Made
from . import pixels
from .document import GimpDocument
from .pixels import rectangle
from .steps import finish

_THUMBNAIL_SIDE = 96
_THUMBNAIL_FORMAT = "R'G'B'A u8"


def keep(store: ResultStore, image: Gimp.Image, made: Sequence[Made]) -> None:
    """Keeps the new layers of a translation, and says so in GIMP's progress bar."""
    Gimp.progress_init(_("Saving the result"))
    stored_results.store_all(store, GimpDocument(image), made, lambda one: _take(image, one), Gimp.message)


def insert_again(store: ResultStore, image: Gimp.Image, kept: Kept) -> None:
    """Inserts a result as a new layer above the active one, where it was, in one undo step. Raises Problem."""
    finish(restoring.insert_again(GimpDocument(image), stored_results.past_result(store, kept)))


def _take(image: Gimp.Image, made: Made) -> tuple[str, Pixels, Thumbnail]:
    """Returns a result's layer name, its pixels with mask and selection applied, and a thumbnail."""
    with _unmasked(image, made.layer) as shown:
        format = pixels.wire_format(shown)
        area = Area(0, 0, shown.get_width(), shown.get_height())
        place = area.moved(made.source.kept.x, made.source.kept.y)
        return made.layer.get_name(), Pixels(place, format, pixels.read(shown, area, format)), _thumbnail(shown)


@contextmanager
def _unmasked(image: Gimp.Image, layer: Gimp.Layer) -> Iterator[Gimp.Layer]:
    """Yields the layer, or a copy of it with its mask applied: only pixels are kept, without a mask."""
    if layer.get_mask() is None:
        yield layer
        return
    # GIMP only applies the mask of a layer that is in a picture, so the copy is put into a hidden one.
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


def _thumbnail(layer: Gimp.Layer) -> Thumbnail:
    scale = min(1.0, _THUMBNAIL_SIDE / max(layer.get_width(), layer.get_height()))
    width, height = (max(1, round(length * scale)) for length in (layer.get_width(), layer.get_height()))
    area = rectangle(Area(0, 0, width, height))
    return Thumbnail(width, height, layer.get_buffer().get(area, scale, _THUMBNAIL_FORMAT, Gegl.AbyssPolicy.NONE))
