"""Takes the samples out of a picture that Pillow opened."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile

from pleinair.pictures.colour import from_cmyk, from_lab
from pleinair.pictures.frames import frames_note
from pleinair.pictures.kinds import PNG, Kind
from pleinair.pictures.png import read_deep, with_transparent
from pleinair.pictures.raster import Raster, grey_or_colour

_STRETCHED = {"L;2": 85, "L;4": 17}  # what Pillow multiplies a PNG's grey samples by, but not its transparent grey
_WHOLE_NUMBERS = 65535  # the white of files of 16 or 32 bits


def read_opened(kind: Kind, image: ImageFile, data: bytes) -> Raster:
    """Returns the samples of the first frame. Raises what Pillow raises for a broken file."""
    notes = frames_note(kind, image, data)
    if kind is PNG:
        layout = str(image.tile[0].args)
        colour = image.info.get("transparency")
        raster = read_deep(image, data) or from_pillow(image)
        if not raster.is_deep and image.mode in ("1", "L", "RGB"):
            raster = with_transparent(raster, colour, _STRETCHED.get(layout, 1))
    else:
        raster = from_pillow(image.convert("RGBA") if _has_transparent_colour(image) else image)
    return replace(raster, notes=(*notes, *raster.notes))


def from_pillow(image: Image.Image) -> Raster:
    """Returns the samples of a picture in any of Pillow's modes."""
    match image.mode:
        case "CMYK":
            converted, note = from_cmyk(image)
            return grey_or_colour(np.asarray(converted), notes=(note,))
        case "LAB":
            converted, note = from_lab(image)
            return grey_or_colour(np.asarray(converted), notes=(note,))
        case "F":
            return grey_or_colour(np.asarray(image), None)
        case "I" | "I;16" | "I;16L" | "I;16B" | "I;16N":
            return grey_or_colour(np.asarray(image), _WHOLE_NUMBERS)
        case "L" | "LA" | "RGB" | "RGBA":
            return grey_or_colour(np.asarray(image))
        case "1":
            return grey_or_colour(np.asarray(image.convert("L")))
        case "La":
            return grey_or_colour(np.asarray(image.convert("LA")))
    return grey_or_colour(np.asarray(image.convert("RGBA" if image.has_transparency_data else "RGB")))


def _has_transparent_colour(image: Image.Image) -> bool:
    return image.mode in ("1", "L", "RGB") and image.has_transparency_data
