"""Empty layers and hidden pictures of the same kind as the artist's picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gi.repository import Gimp


def picture_like(image: Gimp.Image, width: int, height: int, precision: Gimp.Precision) -> Gimp.Image:
    """Creates an empty picture with the mode and the colour profile of ``image``, without undo. Delete it at last."""
    made = Gimp.Image.new_with_precision(width, height, image.get_base_type(), precision)
    made.undo_disable()
    profile = image.get_color_profile()
    if profile:
        made.set_color_profile(profile)
        Gimp.progress_end()  # setting the profile made GIMP show a progress bar
    return made


@contextmanager
def stage(image: Gimp.Image, width: int, height: int) -> Iterator[Gimp.Image]:
    """Yields an empty picture of the kind of ``image`` in everything but size, and deletes it in the end."""
    made = picture_like(image, width, height, image.get_precision())
    try:
        yield made
    finally:
        made.delete()


def empty_layer(image: Gimp.Image, name: str, width: int, height: int, alpha: bool) -> Gimp.Layer:
    """Creates a layer of the picture's kind that is not in the picture yet."""
    return Gimp.Layer.new(image, name, width, height, _type(image, alpha), 100, Gimp.LayerMode.NORMAL)


def _type(image: Gimp.Image, alpha: bool) -> Gimp.ImageType:
    if image.get_base_type() == Gimp.ImageBaseType.GRAY:
        return Gimp.ImageType.GRAYA_IMAGE if alpha else Gimp.ImageType.GRAY_IMAGE
    return Gimp.ImageType.RGBA_IMAGE if alpha else Gimp.ImageType.RGB_IMAGE
