"""Makes pixels and what travels with them fit a format that cannot hold all of it, and says what was lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pleinair.pictures.picture import Carried, PngChunk

from server.pictures.formats import JPEG, PNG, Format

_LONGEST_IN_JPEG = {"exif": 65_527, "xmp": 65_504}  # bytes, in one segment with its name

# What these chunks say of a picture that means sRGB, as one without them does everywhere.
_SRGB = {
    b"gAMA": {(45_455).to_bytes(4)},
    b"cHRM": {b"".join(number.to_bytes(4) for number in (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000))},
    b"cICP": {bytes((1, 13, 0, 1))},
}


def fitted_pixels(pixels: NDArray[Any], form: Format) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Returns H x W x 3 or 4 pixels that the format holds, and notes: 16 bits are rounded to 8, and transparency is
    laid on white."""
    notes = []
    if pixels.dtype == np.uint16 and not form.is_deep:
        pixels = ((pixels.astype(np.uint32) * 255 + 32_767) // 65_535).astype(np.uint8)
        notes.append(f"The result was rounded from 16 bits a sample to 8, the most that {form.name} is written with.")
    if pixels.shape[2] == 4 and not form.has_alpha:
        if pixels[..., 3].min() < np.iinfo(pixels.dtype).max:
            notes.append(f"Its transparent parts were laid on white, as {form.name} has no transparency.")
            pixels = _on_white(pixels)
        pixels = pixels[..., :3]
    return pixels, tuple(notes)


def fitted_carried(carried: Carried, form: Format) -> tuple[Carried, tuple[str, ...]]:
    """Returns what the format has room for of what a picture carries, and notes about the rest."""
    if form is not JPEG:
        return carried, ()
    too_long = [name for name, most in _LONGEST_IN_JPEG.items() if len(getattr(carried, name) or b"") > most]
    notes = tuple(f"Its {name.upper()} data was left out, because it is too long for {form.name}." for name in too_long)
    exif, xmp = (None if name in too_long else getattr(carried, name) for name in _LONGEST_IN_JPEG)
    return replace(carried, exif=exif, xmp=xmp), notes


def colour_chunks_note(carried: Carried, form: Format) -> tuple[str, ...]:
    """Returns a note where a PNG's own words about its colours count, and the format has no place for them."""
    if form is PNG or carried.icc_profile:
        return ()
    telling = [chunk.kind.decode() for chunk in carried.png_colour if not _means_srgb(chunk)]
    if not telling:
        return ()
    return (
        f"What it says of its colours ({', '.join(telling)}) was left out, as {form.name} has no place for it, so the"
        " result may look different; write a .png file to keep it.",
    )


def _means_srgb(chunk: PngChunk) -> bool:
    return chunk.kind == b"sRGB" or chunk.body in _SRGB.get(chunk.kind, ())


def _on_white(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    result = np.empty_like(pixels)
    for row, source in zip(result, pixels, strict=True):  # by rows, so that it takes no memory
        colour, alpha = source[..., :3].astype(np.uint32), source[..., 3:].astype(np.uint32)
        row[..., :3] = (colour * alpha + 255 * (255 - alpha) + 127) // 255
    return result
