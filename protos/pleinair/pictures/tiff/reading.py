"""Reads the first full-size page of a TIFF file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from pleinair.pictures.headers import check_size, not_read
from pleinair.pictures.opened import from_pillow
from pleinair.pictures.picture import Carried, Note, NoteKind
from pleinair.pictures.raster import Raster
from pleinair.pictures.tiff.carried import carried_by_page
from pleinair.pictures.tiff.meaning import can_mean, meant
from pleinair.pictures.tiff.samples import arranged, can_arrange
from pleinair.pictures.tiff.tags import Page, pages
from pleinair.pictures.upright import turned

_ALWAYS_THERE = (1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946)  # compressions that no build of libtiff lacks


def read_tiff(data: bytes, max_pixels: int) -> tuple[Raster, Carried]:
    """Returns the samples of the first page that is a picture of its own, and what travels with it.

    Raises PictureError for what is too large or not read, and nearly anything for a damaged file.
    """
    found = list(pages(data))
    full = [page for page in found if page.is_full_size] or found
    page = full[0]
    check_size(page.size, max_pixels)
    carried, notes = carried_by_page(page, data)
    notes = (*_pages_note(full), *notes)
    if can_arrange(page) and can_mean(page):
        raster = meant(page, arranged(page, data))
        return replace(raster, notes=(*notes, *raster.notes), orientation=page.number(274, 1)), carried
    raster = _by_pillow(page, data, found.index(page))  # upright already
    return replace(raster, notes=(*notes, *raster.notes)), turned(carried, page.number(274, 1))


def _by_pillow(page: Page, data: bytes, index: int) -> Raster:
    try:
        image = TiffImageFile(io.BytesIO(data))
        image.seek(index)
    except Exception as error:
        raise not_read(str(page)) from error
    try:
        return from_pillow(image)
    except Image.DecompressionBombError:
        raise
    except Exception as error:
        if page.compression in _ALWAYS_THERE:
            raise
        raise not_read(str(page)) from error


def _pages_note(full: Sequence[Page]) -> tuple[Note, ...]:
    if len(full) < 2:
        return ()
    sentence = (
        f"It has {len(full)} layers or pages; only the first is used, in files of Krita and GIMP the lowest layer."
    )
    return (Note(NoteKind.PAGES, sentence, len(full)),)
