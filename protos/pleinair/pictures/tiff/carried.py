"""Collects what travels with a TIFF page into a result."""

from __future__ import annotations

import io

from PIL import Image

from pleinair.pictures.carried import resolution_of, rgb_profile
from pleinair.pictures.picture import Carried, Note
from pleinair.pictures.tiff.description import copy_description
from pleinair.pictures.tiff.tags import CMYK, LAB, Page

_PER_INCH = {2: 1.0, 3: 2.54}


def carried_by_page(page: Page, data: bytes) -> tuple[Carried, tuple[Note, ...]]:
    """Returns what belongs to a page besides its pixels, and a note if its profile had to be left out."""
    profile, notes = rgb_profile(page.raw(34675), converted=page.photometric in (CMYK, LAB))
    return Carried(profile, _exif(data), page.raw(700), _resolution(page)), notes


def _exif(data: bytes) -> bytes | None:
    given, kept = Image.Exif(), Image.Exif()
    try:
        given.load_from_fp(io.BytesIO(data))
        copy_description(given, kept)
        return kept.tobytes().removeprefix(b"Exif\0\0") if len(kept) else None
    except Exception:  # what is odd about it is no reason not to read the picture
        return None


def _resolution(page: Page) -> tuple[float, float] | None:
    factor = _PER_INCH.get(page.number(296, 2))
    return resolution_of(page.tags.get(282), page.tags.get(283), factor) if factor else None
