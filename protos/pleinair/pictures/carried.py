"""Collects what travels with a picture into a result: profile, EXIF, XMP, resolution and PNG's colour chunks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from PIL.ImageFile import ImageFile

from pleinair.pictures.kinds import PNG, Kind
from pleinair.pictures.picture import Carried, Note, NoteKind, PngChunk

_COLOUR_CHUNKS = (b"gAMA", b"cHRM", b"sRGB", b"cICP")
_EXIF_BEGINS = b"Exif\0\0"
_CONVERTED = ("CMYK", "LAB")  # modes whose profile does not fit the pixels that were made of them


def carried_by(kind: Kind, image: ImageFile, data: bytes) -> tuple[Carried, tuple[Note, ...]]:
    """Returns what belongs to an opened picture besides its pixels, and a note if its profile had to be left out."""
    profile, notes = rgb_profile(image.info.get("icc_profile"), converted=image.mode in _CONVERTED)
    exif, xmp = image.info.get("exif"), image.info.get("xmp")
    carried = Carried(
        profile,
        exif.removeprefix(_EXIF_BEGINS) if isinstance(exif, bytes) and exif else None,
        xmp if isinstance(xmp, bytes) and xmp else None,
        resolution_of(*image.info.get("dpi", (None, None))),
        tuple(_colour_chunks(data)) if kind is PNG else (),
    )
    return carried, notes


def rgb_profile(profile: object, *, converted: bool) -> tuple[bytes | None, tuple[Note, ...]]:
    """Returns an embedded profile if it is for RGB (bytes 16 to 19 of an ICC header name the colour space) and the
    pixels are not ``converted`` to sRGB, or a note that says that it was left out."""
    if converted or not isinstance(profile, bytes) or not profile:
        return None, ()
    if profile[16:20] == b"RGB ":
        return profile, ()
    return None, (Note(NoteKind.PROFILE, "Its colour profile is not for RGB pictures and was left out."),)


def resolution_of(across: Any, down: Any, factor: float = 1) -> tuple[float, float] | None:
    """Returns both numbers times the factor as floats, or None for what is no number, or no resolution."""
    try:
        numbers = float(across) * factor, float(down) * factor
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return numbers if min(numbers) > 0 and max(numbers) < float("inf") else None


def _colour_chunks(png: bytes) -> Iterator[PngChunk]:
    """Yields the chunks that stand before the pixels and say what the colours mean (PNG, third edition, 11.3.2)."""
    at = 8
    while (kind := png[at + 4 : at + 8]) not in (b"", b"IDAT"):
        length = int.from_bytes(png[at : at + 4])
        if kind in _COLOUR_CHUNKS:
            yield PngChunk(kind, png[at + 8 : at + 8 + length])
        at += 12 + length
