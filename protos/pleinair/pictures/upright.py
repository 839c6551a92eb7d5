"""Turns pixels, and what goes with them, upright, as EXIF's orientation says."""

from __future__ import annotations

import re
import struct
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags
from PIL.ImageFile import ImageFile

from pleinair.pictures.picture import Carried, Note, NoteKind

_IN_XMP = re.compile(rb"(tiff:Orientation(?:=[\"']|>))[1-8]")


def orientation_of(image: ImageFile) -> tuple[int, tuple[Note, ...]]:
    """Returns EXIF's orientation of an opened picture, 1 where it says nothing, and a note if its data is damaged."""
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1)), ()
    except Exception:
        return 1, (Note(NoteKind.EXIF, "Its EXIF data is damaged, so its orientation was not applied."),)


def upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Undoes EXIF's orientation, 1 to 8 (from 5 on, rows and columns are swapped); ignores other numbers."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def turned(carried: Carried, orientation: int) -> Carried:
    """Returns what is carried so that it fits upright pixels: their orientation is 1, in EXIF and in XMP."""
    across_down = carried.resolution
    if across_down and orientation in (5, 6, 7, 8):
        across_down = across_down[1], across_down[0]
    return replace(
        carried,
        exif=carried.exif and _upright_exif(carried.exif),
        xmp=carried.xmp and _IN_XMP.sub(rb"\g<1>1", carried.xmp),
        resolution=across_down,
    )


def _upright_exif(exif: bytes) -> bytes:
    """Sets the orientation in place, so that nothing else is written anew; damaged data stays as it is."""
    order = "<" if exif.startswith(b"II") else ">"
    changed = bytearray(exif)
    try:
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            if struct.unpack_from(f"{order}HH", exif, entry) == (ExifTags.Base.Orientation, 3):
                struct.pack_into(f"{order}H", changed, entry + 8, 1)
    except struct.error:
        pass
    return bytes(changed)
