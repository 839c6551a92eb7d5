"""Picture files as the server's calls have them, without colour management: an RGB picture keeps its values together
with its embedded colour profile, so a filter that changes nothing gives back the same picture."""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pleinair.pictures import kinds
from pleinair.pictures.picture import NoteKind, PictureError
from pleinair.pictures.reading import read_picture

from server.pictures.png16 import encode_png16

__all__ = ["Picture", "PictureError", "decode_picture", "encode_png", "kind_of"]


@dataclass(frozen=True)
class Picture:
    """H x W x 3 (RGB) or H x W x 4 (straight alpha) pixels, uint8 or uint16, and their RGB colour profile. ``notes``
    are sentences about what reading converted or left out."""

    pixels: NDArray[Any]
    icc_profile: bytes | None = None
    notes: tuple[str, ...] = ()


def decode_picture(data: bytes, *, max_pixels: int) -> Picture:
    """Reads the first frame of a PNG, JPEG or WebP file, turned upright, with grey as RGB. Raises only PictureError."""
    read = read_picture(data, max_pixels=max_pixels, among=kinds.SERVED)
    # That a picture is dark is no news to whoever sends it.
    notes = tuple(note.sentence for note in read.notes if note.kind is not NoteKind.FEW_BITS)
    return Picture(read.in_colour(), read.carried.icc_profile, notes)


def encode_png(picture: Picture) -> bytes:
    """Writes a PNG file with the picture's depth, alpha and colour profile."""
    if picture.pixels.dtype == np.uint16:
        return encode_png16(picture.pixels, picture.icc_profile)
    file = io.BytesIO()
    Image.fromarray(picture.pixels).save(file, "PNG", icc_profile=picture.icc_profile)
    return file.getvalue()


def kind_of(data: bytes) -> str:
    """Returns PNG, JPEG or WebP, judged by the file's first bytes. Raises PictureError for any other kind."""
    return kinds.kind_of(data, kinds.SERVED).name
