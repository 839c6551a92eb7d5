"""Checks at the beginning of a file what Pillow's readers check too late, or without saying what is wrong."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from pleinair.pictures.kinds import JPEG, PNG, WEBP, Kind
from pleinair.pictures.picture import PictureError
from pleinair.pictures.scans import check_scans

MOST_PIXELS = 2 * 89_478_485  # more than any camera's; above it Pillow's own Image.open refuses, too

_FRAME_HEADERS = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # ITU-T T.81, table B.1
_JPEG_LS = 0xF7
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}


def check_header(kind: Kind, data: bytes, max_pixels: int) -> None:
    """Raises PictureError for a size over the limit before anything is allocated (WebP's reader allocates at once), for
    PNGs of 0 x 0 pixels, for JPEGs of very many scans, and for what the kind allows but nobody decodes here."""
    if kind is PNG:
        check_size(struct.unpack_from(">II", data, 16), max_pixels)
    elif kind is WEBP:
        # Its reader refuses more, or takes the file for damaged, which depends on Pillow's version.
        check_size(_webp_size(data), min(max_pixels, MOST_PIXELS))
    elif kind is JPEG:
        _check_jpeg(data)
        check_scans(data)


def check_size(size: Sequence[int], max_pixels: int) -> None:
    """Raises PictureError for a width and height of no pixels, or of more than the limit."""
    width, height = size
    if width * height == 0:
        raise PictureError(f"The picture is {width} x {height} pixels, so there is nothing in it; export it again.")
    if width * height > max_pixels:
        raise PictureError(
            f"The picture is {width:,} x {height:,} pixels and at most {max_pixels:,} pixels are accepted;"
            " make it smaller and try again.",
            too_large=True,
        )


def size_in_header(kind: Kind, data: bytes) -> tuple[int, int, bool]:
    """Returns the width and height that a PNG, JPEG or WebP file declares, and whether it has more than 8 bits a
    sample. Raises PictureError where it declares none that can be read."""
    try:
        if kind is PNG:
            width, height, bits = struct.unpack_from(">IIB", data, 16)
            return width, height, bits > 8
        return (*(_webp_size(data) if kind is WEBP else _jpeg_size(data)), False)
    except (struct.error, IndexError) as error:
        raise PictureError("The file ends before it says how large the picture is.") from error


def not_read(what: str) -> PictureError:
    """Returns the error for a whole file of a sort that is not read; ``what`` names it with its article."""
    return PictureError(f"It is {what}, a kind that is not read; export it as RGB or grey of 8 or 16 bits a sample.")


def _check_jpeg(data: bytes) -> None:
    at = _jpeg_frame(data)
    if at is None:
        return
    if data[at + 1] == _JPEG_LS:
        raise not_read("a JPEG-LS file")
    if data[at + 4] > 8:
        raise not_read(f"a JPEG of {data[at + 4]} bits a sample")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = _jpeg_frame(data)
    height, width = struct.unpack_from(">HH", data, at + 5) if at is not None else (0, 0)
    return width, height


def _jpeg_frame(data: bytes) -> int | None:
    """Returns where the first frame's header begins; None where there is none."""
    at = 2
    while at + 5 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == _JPEG_LS or marker in _FRAME_HEADERS:
            return at
        padded = marker == 0xFF
        at += 1 if padded else 2 if marker in _WITHOUT_LENGTH else 2 + int.from_bytes(data[at + 2 : at + 4])
    return None


def _webp_size(data: bytes) -> tuple[int, int]:
    """Returns a WebP picture's width and height from its first chunk (RFC 9649, sections 2.5 to 2.7)."""
    first = data[12:16]
    if first == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if first == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF
