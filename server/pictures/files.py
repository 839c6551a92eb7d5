"""Picture files as the server's calls have them, without colour management: an RGB picture keeps its values together
with its embedded colour profile, so a filter that changes nothing gives back the same picture."""

from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray
from pleinair.pictures import kinds
from pleinair.pictures.headers import size_in_header
from pleinair.pictures.picture import Carried, NoteKind, PictureError
from pleinair.pictures.reading import read_picture

from server.pictures.exif import for_result
from server.pictures.formats import PNG
from server.pictures.png_result import encode_png_result

__all__ = ["Picture", "PictureError", "decode_picture", "encode_png", "kind_of"]


@dataclass(frozen=True)
class Picture:
    """H x W x 3 (RGB) or H x W x 4 (straight alpha) pixels, uint8 or uint16, and what goes with them, for example
    their colour profile. ``notes`` are sentences about what reading converted or left out."""

    pixels: NDArray[Any]
    carried: Carried = field(default_factory=Carried)
    notes: tuple[str, ...] = ()


def decode_picture(data: bytes, *, max_pixels: int) -> Picture:
    """Reads the first frame of a PNG, JPEG or WebP file, turned upright, with grey as RGB. Raises only PictureError."""
    read = read_picture(data, max_pixels=max_pixels, among=kinds.SERVED)
    # That a picture is dark is no news to whoever sends it.
    notes = tuple(note.sentence for note in read.notes if note.kind is not NoteKind.FEW_BITS)
    return Picture(read.in_colour(), read.carried, notes)


def declared_size(data: bytes) -> tuple[int, int, bool]:
    """The width and height that a PNG, JPEG or WebP file declares, and whether it has more than 8 bits a sample. What
    declares nothing that can be read has no pixels; decoding says what is wrong with it."""
    try:
        return size_in_header(kinds.kind_of(data, kinds.SERVED), data)
    except PictureError:
        return 0, 0, False


def encode_png(picture: Picture) -> bytes:
    """Writes a PNG file with the picture's depth and alpha, and all that goes with it into a result."""
    return encode_png_result(picture.pixels, for_result(picture.carried, PNG)[0])


def kind_of(data: bytes) -> str:
    """Returns PNG, JPEG or WebP, judged by the file's first bytes. Raises PictureError for any other kind."""
    return kinds.kind_of(data, kinds.SERVED).name
