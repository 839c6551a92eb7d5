"""Makes a source's EXIF data true of its result: another picture, of the same camera, place and time."""

from __future__ import annotations

import contextlib
import struct
import warnings
from collections.abc import Iterator
from dataclasses import replace

from PIL import ExifTags, Image
from pleinair.pictures.picture import Carried

from server.pictures.formats import AVIF, WEBP, Format

HEADER = b"Exif\0\0"  # stands before the data in JPEG files, and for Pillow

_BASE = ExifTags.Base
_INCHES = 2


def for_result(carried: Carried, form: Format) -> tuple[Carried, tuple[str, ...]]:
    """Returns what is carried, without a thumbnail of the source; where only EXIF can hold the resolution, it does.
    Damaged EXIF data is left out, which a note says."""
    exif = None if carried.exif is None else _without_thumbnail(carried.exif)
    is_damaged = carried.exif is not None and exif is None
    if carried.resolution and form in (WEBP, AVIF):
        exif = _with_resolution(exif, carried.resolution)
    return replace(carried, exif=exif), ("Its EXIF data is damaged and was left out.",) if is_damaged else ()


def read_exif(exif: bytes | None) -> Image.Exif:
    """Returns the tags of EXIF data without its header; those that are odd are missing."""
    tags = Image.Exif()
    with warnings.catch_warnings(), contextlib.suppress(Exception):  # odd data raises nearly anything
        warnings.simplefilter("ignore")
        tags.load(HEADER + (exif or b""))
    return tags


def _without_thumbnail(exif: bytes) -> bytes | None:
    """Ends EXIF data after its first directory, and blanks the thumbnail that follows. Nothing else is moved, as a
    camera's own notes may not be. Returns None for data that is no directory."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return None
    changed = bytearray(exif)
    try:
        (first,) = struct.unpack_from(f"{order}I", exif, 4)
        at = _end(exif, first, order)
    except struct.error:
        return None
    if at + 4 > len(exif):  # some end without saying that nothing follows
        return exif if at <= len(exif) else None
    (second,) = struct.unpack_from(f"{order}I", exif, at)
    struct.pack_into(f"{order}I", changed, at, 0)
    for begin, length in _thumbnails(exif, second, order):
        changed[begin : begin + length] = bytes(len(changed[begin : begin + length]))
    return bytes(changed)


def _end(exif: bytes, start: int, order: str) -> int:
    """Where a directory's entries end, 12 bytes each."""
    (count,) = struct.unpack_from(f"{order}H", exif, start)
    return start + 2 + 12 * int(count)


def _thumbnails(exif: bytes, start: int, order: str) -> Iterator[tuple[int, int]]:
    """The place and length of a JPEG that a directory names; nothing where there is none, or it is damaged."""
    found = {}
    with contextlib.suppress(struct.error):
        for at in range(start + 2, _end(exif, start, order), 12) if start else ():
            tag, kind, count, value = struct.unpack_from(f"{order}HHII", exif, at)
            if (kind, count) == (4, 1):
                found[tag] = value
    if _BASE.JpegIFOffset in found:
        yield found[_BASE.JpegIFOffset], found.get(_BASE.JpegIFByteCount, 0)


def _with_resolution(exif: bytes | None, resolution: tuple[float, float]) -> bytes | None:
    tags = read_exif(exif)
    if _BASE.XResolution in tags:
        return exif
    tags[_BASE.XResolution], tags[_BASE.YResolution] = resolution
    tags[_BASE.ResolutionUnit] = _INCHES
    return tags.tobytes().removeprefix(HEADER)
