"""Moves pixels between GIMP's buffers and the wire, on which all colours are sRGB.

The values of an sRGB picture are sent as GIMP stores them, so a filter that changes nothing gives back the same pixels.
Only 32-bit integers and doubles, which the wire does not have, are sent as 32-bit floats. babl converts pictures with
another profile to sRGB, and results back. They are sent at more than their own depth, so that both roundings stay below
one step. Colours that sRGB cannot show become the nearest that it can, channel by channel: those of 8-bit pictures when
they are read, as 16 bits; others are sent unclipped, as floats, and are clipped where the filter takes them in.

babl knows profiles that are a curve and a matrix. GIMP treats pictures with others (tables) as sRGB, and so do we.
"""

from __future__ import annotations

from typing import Any

from gi.repository import Babl, Gegl, Gimp

from ..client.messages import ChannelOrder, Channels, SampleType, TransferFunction
from ..client.wire import Buffer
from ..core.area import Area
from ..core.pixels import WireFormat

_CHANNELS = {1: Channels.GREY, 2: Channels.GREY_ALPHA, 3: Channels.RGB, 4: Channels.RGBA}
_SRGB = "sRGB"  # babl's name for any profile that says the same
_SAMPLES = {
    "u8": SampleType.UINT8,
    "u16": SampleType.UINT16,
    "half": SampleType.FLOAT16,
    "float": SampleType.FLOAT32,
}
_OWN = "format"  # the key of babl's name in a format's ``own``
# GEGL copies what it is given at once; writing in stripes keeps that copy small.
_STRIPE_BYTES = 4 << 20


def wire_format(drawable: Gimp.Drawable) -> WireFormat:
    """Returns the format that loses nothing of a drawable, RGB or grey, whose colours sRGB can show."""
    model, depth = _encoding(drawable)
    if not _is_srgb(drawable):
        return _format(model, "u16" if depth == "u8" else "float")
    return _format(model, depth if depth in _SAMPLES else "float")


def preview_format(drawable: Gimp.Drawable) -> WireFormat:
    """Returns the 8-bit format for previews of a drawable, perceptually encoded."""
    model, _ = _encoding(drawable)
    perceptual = {"RGB": "R~G~B~", "RGBA": "R~G~B~A", "Y": "Y~", "YA": "Y~A"}
    return _format(perceptual.get(model, model), "u8")


def named_format(name: str) -> WireFormat:
    """Returns the format with this name. Raises ValueError or KeyError for a name that is not one of ours."""
    model, depth = name.split(" ")
    return _format(model, depth)


def read(drawable: Gimp.Drawable, area: Area, format: WireFormat, scale: float = 1.0) -> bytes:
    """Returns the pixels of ``area``, which is in the coordinates of the scaled drawable."""
    return drawable.get_buffer().get(rectangle(area), scale, _name(format), Gegl.AbyssPolicy.NONE)


def write(drawable: Gimp.Drawable, format: WireFormat, pixels: Buffer) -> None:
    """Fills a whole drawable. Raises ValueError unless ``pixels`` is exactly as long as that takes."""
    _fill(drawable, _name(format), format.pixel_bytes, pixels)


def read_raw(drawable: Gimp.Drawable, area: Area) -> bytes:
    """Returns the pixels of ``area`` as GIMP stores them: for masks, and to keep alpha that the wire cannot carry."""
    return drawable.get_buffer().get(rectangle(area), 1.0, None, Gegl.AbyssPolicy.NONE)


def write_raw(drawable: Gimp.Drawable, pixels: bytes | bytearray) -> None:
    """Fills a whole drawable with what ``read_raw`` gave for one of the same format."""
    _fill(drawable, Babl.get_name(drawable.get_format()), drawable.get_bpp(), pixels)


def keep_alpha(drawable: Gimp.Drawable, stored: bytes, pixel_bytes: int) -> None:
    """Gives ``drawable`` the exact alpha of ``stored`` (from ``read_raw``, with alpha), which the wire has rounded."""
    _, depth = _encoding(drawable)
    sample, code = (8, "d") if depth == "double" else (4, "I")
    channels = pixel_bytes // sample
    area = Area(0, 0, drawable.get_width(), drawable.get_height())
    mixed = bytearray(read_raw(drawable, area))
    target: Any = memoryview(mixed)
    source: Any = memoryview(stored)
    target.cast(code)[channels - 1 :: channels] = source.cast(code)[channels - 1 :: channels]
    write_raw(drawable, mixed)


def rounds_alpha(drawable: Gimp.Drawable) -> bool:
    """Returns whether the wire has fewer bits for a sample than the drawable."""
    return _encoding(drawable)[1] not in _SAMPLES


def _fill(drawable: Gimp.Drawable, name: str, pixel_bytes: int, pixels: Buffer) -> None:
    width, height = drawable.get_width(), drawable.get_height()
    row = width * pixel_bytes
    if len(pixels) != row * height:
        raise ValueError(f"{len(pixels)} bytes for {width} x {height} pixels of {pixel_bytes}")
    buffer, view = drawable.get_buffer(), memoryview(pixels)
    rows = max(1, _STRIPE_BYTES // row)
    for top in range(0, height, rows):
        stripe = bytes(view[top * row : (top + rows) * row])
        buffer.set(rectangle(Area(0, top, width, len(stripe) // row)), name, stripe)
    buffer.flush()
    drawable.update(0, 0, width, height)


def _encoding(drawable: Gimp.Drawable) -> tuple[str, str]:
    model, depth = Babl.format_get_encoding(drawable.get_format()).split(" ")
    return model, depth


def _is_srgb(drawable: Gimp.Drawable) -> bool:
    return Babl.get_name(Babl.format_get_space(drawable.get_format())) == _SRGB


def _format(model: str, depth: str) -> WireFormat:
    count = len(model.translate({ord("'"): None, ord("~"): None}))
    linear = "'" not in model and "~" not in model
    return WireFormat(
        _CHANNELS[count],
        _SAMPLES[depth],
        TransferFunction.LINEAR if linear else TransferFunction.SRGB,
        ChannelOrder.RGB,
        {_OWN: f"{model} {depth}"},
    )


def _name(format: WireFormat) -> str:
    """Returns babl's name for a format, in sRGB."""
    return format.own[_OWN]


def rectangle(area: Area) -> Gegl.Rectangle:
    """Returns an area as GEGL's rectangle."""
    return Gegl.Rectangle.new(area.x, area.y, area.width, area.height)
