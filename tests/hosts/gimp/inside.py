"""Runs inside GIMP, as a batch: does what the tests ask, one request after another, through files.

A request is N.json with a function of this file and its arguments; its answer is N.answer. Pixels travel as base64.
"""

from __future__ import annotations

import base64
import json
import os
import runpy
import time
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import gi

# For more than the plug-in, whose stubs know only what it does with them.
Babl, Gegl, Gimp, Gio = (import_module(f"gi.repository.{name}") for name in ("Babl", "Gegl", "Gimp", "Gio"))

FOLDER = Path(os.environ["PLEINAIR_REQUESTS"])
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
    picture.insert_layer(layer, _item(parent), 0)
    layer.set_offsets(*place)
    if pixels:
        _write(layer, base64.b64decode(pixels))
    return int(layer.get_id())


def new_group(image: int, name: str) -> int:
    picture = Gimp.Image.get_by_id(image)
    group = Gimp.GroupLayer.new(picture, name)
    picture.insert_layer(group, None, 0)
    return int(group.get_id())


def new_text(image: int, text: str) -> int:
    picture = Gimp.Image.get_by_id(image)
    layer = Gimp.TextLayer.new(picture, text, Gimp.context_get_font(), 30, Gimp.Unit.pixel())
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


def new_channel(image: int) -> int:
    picture = Gimp.Image.get_by_id(image)
    channel = Gimp.Channel.new(picture, "spare", 8, 8, 50.0, Gegl.Color.new("red"))
    picture.insert_channel(channel, None, 0)
    return int(channel.get_id())


def give_mask(layer: int, pixels: str) -> int:
    item = _item(layer)
    mask = item.create_mask(Gimp.AddMaskType.WHITE)
    item.add_mask(mask)
    _write(mask, base64.b64decode(pixels))
    return int(mask.get_id())


def give_effect(layer: int, operation: str) -> None:
    item = _item(layer)
    item.append_filter(Gimp.DrawableFilter.new(item, operation, operation))


def make_indexed(image: int) -> None:
    picture = Gimp.Image.get_by_id(image)
    picture.flatten()
    picture.convert_indexed(
        Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 8, False, False, "from the test"
    )


def float_selection(layer: int) -> None:
    Gimp.edit_copy([_item(layer)])
    Gimp.edit_paste(_item(layer), True)


def select(image: int, ellipse: list[int], feather: float = 0) -> None:
    """An ellipse x, y, width, height; nothing of it selects all."""
    picture = Gimp.Image.get_by_id(image)
    if ellipse:
        picture.select_ellipse(Gimp.ChannelOps.REPLACE, *ellipse)
        if feather:
            Gimp.Selection.feather(picture, feather)
    else:
        Gimp.Selection.none(picture)


def srgb(item: int) -> str:
    """Red, green, blue and alpha as GIMP shows them, encoded as sRGB, in floats."""
    found = _item(item)
    area = Gegl.Rectangle.new(0, 0, found.get_width(), found.get_height())
    return base64.b64encode(found.get_buffer().get(area, 1.0, "R'G'B'A float", Gegl.AbyssPolicy.NONE)).decode()


def selection(image: int, area: list[int]) -> str:
    """Raw, as GIMP stores it."""
    return _read(Gimp.Image.get_by_id(image).get_selection(), area)


def pixels(item: int) -> str:
    """Raw, as GIMP stores them."""
    return _read(_item(item))


def scatter(layer: int) -> None:
    """Fills a layer with noise that need not travel."""
    item = _item(layer)
    row = item.get_width() * item.get_bpp()
    some = os.urandom(row + 255)
    _write(item, b"".join(some[top % 256 : top % 256 + row] for top in range(item.get_height())))


def alike(first: int, second: int) -> bool:
    """Whether two layers have the same pixels."""
    return _raw(_item(first)) == _raw(_item(second))


def visible(image: int) -> str:
    picture = Gimp.Image.get_by_id(image)
    return _read(Gimp.Layer.new_from_visible(picture, picture, "visible"))


def layers(image: int = 0, group: int = 0) -> list[dict[str, Any]]:
    found = _item(group).get_children() if group else Gimp.Image.get_by_id(image).get_layers()
    return [_told(layer) for layer in found]


def choose(image: int, layers: list[int]) -> None:
    Gimp.Image.get_by_id(image).set_selected_layers([_item(layer) for layer in layers])


def selected(image: int) -> list[int]:
    return [layer.get_id() for layer in Gimp.Image.get_by_id(image).get_selected_layers()]


def translate(image: int, drawables: list[int], **arguments: Any) -> list[str]:
    """The status and the error's text."""
    return _run("plug-in-pleinair-translate", image, drawables, arguments)


def insert_again(image: int, number: int) -> list[str]:
    """A result of the past; 1 is the newest."""
    return _run("plug-in-pleinair-results", image, [], {"number": number})


def start_training(image: int, drawables: list[int], target: int = 0, **arguments: Any) -> list[str]:
    """The status, and the training's identifier or the error's text."""
    layer = {"target": _item(target)} if target else {}
    return _run("plug-in-pleinair-painting-to-photo", image, drawables, {**arguments, **layer})


def clipboard() -> str:
    """The text in the desktop's clipboard; empty while there is none."""
    gi.require_version("Gtk", "3.0")
    gi.require_version("Gdk", "3.0")
    gtk, gdk = import_module("gi.repository.Gtk"), import_module("gi.repository.Gdk")
    assert gtk.init_check(None)[0]
    return gtk.Clipboard.get(gdk.SELECTION_CLIPBOARD).wait_for_text() or ""


def missing(script: str, **asked: Any) -> list[str]:
    """Which of the names that were promised GIMP does not have."""
    return list(runpy.run_path(script)["missing"](**asked))


def _run(name: str, image: int, drawables: list[int], arguments: dict[str, Any]) -> list[str]:
    procedure = Gimp.get_pdb().lookup_procedure(name)
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
    config.set_property("image", Gimp.Image.get_by_id(image))
    config.set_core_object_array("drawables", [_item(drawable) for drawable in drawables])
    for argument, value in arguments.items():
        config.set_property(argument.replace("_", "-"), value)
    result = procedure.run(config)
    names = {getattr(Gimp.PDBStatusType, name): name for name in ("SUCCESS", "CANCEL", "EXECUTION_ERROR")}
    status = next((name for value, name in names.items() if value == result.index(0)), "OTHER")
    return [status, str(result.index(1)) if result.length() > 1 else ""]


def _profile(name: str) -> Any:
    """One of GIMP's own, or a file's."""
    made = {
        "adobe": Gimp.ColorProfile.new_rgb_adobe,
        "lab grey": Gimp.ColorProfile.new_d50_gray_lab_trc,
    }.get(name)
    return made() if made else Gimp.ColorProfile.new_from_file(Gio.File.new_for_path(name))


def _item(number: int) -> Any:
    return Gimp.Item.get_by_id(number) if number else None


def _told(layer: Any) -> dict[str, Any]:
    offsets = layer.get_offsets()
    mask = layer.get_mask()
    parasite = layer.get_parasite("pleinair-translation")
    return {
        "id": layer.get_id(),
        "name": layer.get_name(),
        "size": [layer.get_width(), layer.get_height()],
        "place": [offsets.offset_x, offsets.offset_y],
        "opacity": layer.get_opacity(),
        "colours only": layer.get_mode() == Gimp.LayerMode.LCH_COLOR,
        "alpha": layer.has_alpha(),
        "mask": mask.get_id() if mask else 0,
        "origin": json.loads(bytes(parasite.get_data())) if parasite else None,
    }


def _raw(drawable: Any, area: Sequence[int] = ()) -> bytes:
    """All of it without an area."""
    place = Gegl.Rectangle.new(*(area or (0, 0, drawable.get_width(), drawable.get_height())))
    return bytes(drawable.get_buffer().get(place, 1.0, None, Gegl.AbyssPolicy.NONE))


def _read(drawable: Any, area: Sequence[int] = ()) -> str:
    return base64.b64encode(_raw(drawable, area)).decode()


def _write(drawable: Any, raw: bytes) -> None:
    width, height = drawable.get_width(), drawable.get_height()
    assert len(raw) == width * height * drawable.get_bpp(), (len(raw), width, height, drawable.get_bpp())
    buffer = drawable.get_buffer()
    buffer.set(Gegl.Rectangle.new(0, 0, width, height), Babl.get_name(drawable.get_format()), raw)
    buffer.flush()
    drawable.update(0, 0, width, height)


def _serve() -> None:
    number = 0
    (FOLDER / "ready").touch()
    while FOLDER.exists():
        request = FOLDER / f"{number}.json"
        if not request.exists():
            time.sleep(0.01)
            continue
        name, arguments = json.loads(request.read_text())
        if name == "quit":
            return
        try:
            answer = {"value": globals()[name](**arguments)}
        except Exception:
            answer = {"error": traceback.format_exc()}
        beside = FOLDER / f"{number}.tmp"
        beside.write_text(json.dumps(answer))
        beside.rename(FOLDER / f"{number}.answer")
        number += 1


_serve()
