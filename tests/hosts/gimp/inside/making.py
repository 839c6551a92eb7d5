"""Makes pictures, and layers of every kind."""

from __future__ import annotations

import base64
from typing import Any

from .base import Gegl, Gimp, Gio, find, write

TYPES = {
    ("RGB", False): Gimp.ImageType.RGB_IMAGE,
    ("RGB", True): Gimp.ImageType.RGBA_IMAGE,
    ("GRAY", False): Gimp.ImageType.GRAY_IMAGE,
    ("GRAY", True): Gimp.ImageType.GRAYA_IMAGE,
}


def new_image(width: int, height: int, precision: str, base: str, profile: str = "") -> int:
    image = Gimp.Image.new_with_precision(
        width, height, getattr(Gimp.ImageBaseType, base), getattr(Gimp.Precision, precision)
    )
    if profile:
        assert image.set_color_profile(_profile(profile))
    return int(image.get_id())


def convert(image: int, profile: str) -> None:
    """As Image > Color Management > Convert does, without dithering."""
    intent = Gimp.ColorRenderingIntent.RELATIVE_COLORIMETRIC
    assert Gimp.Image.get_by_id(image).convert_color_profile(_profile(profile), intent, False)


def delete_image(image: int) -> None:
    Gimp.Image.get_by_id(image).delete()


def show(image: int) -> None:
    Gimp.Display.new(Gimp.Image.get_by_id(image))
    Gimp.displays_flush()


def new_layer(
    image: int, name: str, size: list[int], place: list[int], alpha: bool, pixels: str = "", parent: int = 0
) -> int:
    picture = Gimp.Image.get_by_id(image)
    base = "GRAY" if picture.get_base_type() == Gimp.ImageBaseType.GRAY else "RGB"
    layer = Gimp.Layer.new(picture, name, *size, TYPES[base, alpha], 100, Gimp.LayerMode.NORMAL)
    picture.insert_layer(layer, find(parent), 0)
    layer.set_offsets(*place)
    if pixels:
        write(layer, base64.b64decode(pixels))
    return int(layer.get_id())


def new_group(image: int, name: str, parent: int = 0) -> int:
    picture = Gimp.Image.get_by_id(image)
    group = Gimp.GroupLayer.new(picture, name)
    picture.insert_layer(group, find(parent), 0)
    return int(group.get_id())


def new_text(image: int, text: str, height: float = 30) -> int:
    picture = Gimp.Image.get_by_id(image)
    layer = Gimp.TextLayer.new(picture, text, Gimp.context_get_font(), height, Gimp.Unit.pixel())
    picture.insert_layer(layer, None, 0)
    return int(layer.get_id())


def new_link(image: int, path: str) -> int:
    """From GIMP 3.2 on; 0 before."""
    if not hasattr(Gimp, "LinkLayer"):
        return 0
    picture = Gimp.Image.get_by_id(image)
    layer = Gimp.LinkLayer.new(picture, Gio.File.new_for_path(path))
    picture.insert_layer(layer, None, 0)
    return int(layer.get_id())


def new_vector(image: int) -> int:
    """A filled triangle, from GIMP 3.2 on; 0 before."""
    if not hasattr(Gimp, "VectorLayer"):
        return 0
    picture = Gimp.Image.get_by_id(image)
    path = Gimp.Path.new(picture, "triangle")
    picture.insert_path(path, None, 0)
    stroke = path.bezier_stroke_new_moveto(12, 12)
    path.bezier_stroke_lineto(stroke, 26, 12)
    path.bezier_stroke_lineto(stroke, 26, 18)
    path.stroke_close(stroke)
    layer = Gimp.VectorLayer.new(picture, path)
    picture.insert_layer(layer, None, 0)
    return int(layer.get_id())


def new_channel(image: int) -> int:
    picture = Gimp.Image.get_by_id(image)
    channel = Gimp.Channel.new(picture, "spare", 8, 8, 50.0, Gegl.Color.new("red"))
    picture.insert_channel(channel, None, 0)
    return int(channel.get_id())


def _profile(name: str) -> Any:
    """One of GIMP's own, or a file's."""
    made = {
        "adobe": Gimp.ColorProfile.new_rgb_adobe,
        "lab grey": Gimp.ColorProfile.new_d50_gray_lab_trc,
    }.get(name)
    return made() if made else Gimp.ColorProfile.new_from_file(Gio.File.new_for_path(name))
