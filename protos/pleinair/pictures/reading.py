"""Reads a picture file of any kind: the one reader of training, server and scripts."""

from __future__ import annotations

import io
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from pleinair.pictures import kinds
from pleinair.pictures.carried import carried_by
from pleinair.pictures.headers import MOST_PIXELS, check_header, check_size
from pleinair.pictures.kinds import Kind, kind_of
from pleinair.pictures.levels import PLAIN, Scale, to_levels
from pleinair.pictures.opened import read_opened
from pleinair.pictures.pfm import read_pfm
from pleinair.pictures.picture import Carried, Picture, PictureError
from pleinair.pictures.raster import Raster
from pleinair.pictures.tiff.reading import read_tiff
from pleinair.pictures.upright import orientation_of, turned, upright


def read_picture(
    source: Path | BinaryIO | bytes,
    *,
    max_pixels: int = MOST_PIXELS,
    among: Collection[Kind] = kinds.ALL,
    scale: Scale = PLAIN,
) -> Picture:
    """Reads the first page or frame of a picture file, upright, of one of the kinds ``among``, as the package's
    table says; ``scale`` says which values of files of more than 8 bits are black and white.

    Raises PictureError, whatever is wrong with the file, and OSError when it cannot be had.
    """
    data = _bytes_of(source)
    kind = kind_of(data, among)
    try:
        return _read(kind, data, max_pixels, scale)
    except PictureError:
        raise
    except (Image.DecompressionBombError, MemoryError) as error:
        raise PictureError("The picture is too large to read; make it smaller.", too_large=True) from error
    except Exception as error:  # damaged files raise nearly anything, SyntaxError included
        sentence = f"This {kind.name} file is damaged or incomplete and cannot be read; copy or export it again."
        raise PictureError(sentence) from error


def _bytes_of(source: Path | BinaryIO | bytes) -> bytes:
    if isinstance(source, bytes):
        return source
    return source.read_bytes() if isinstance(source, Path) else source.read()


def _read(kind: Kind, data: bytes, max_pixels: int, scale: Scale) -> Picture:
    check_header(kind, data, max_pixels)
    if kind is kinds.TIFF:
        return _finished(kind, *read_tiff(data, max_pixels), scale)
    if kind is kinds.PPM and data.startswith(b"PF"):
        return _finished(kind, read_pfm(data, max_pixels), Carried(), scale)
    image = kind.open(io.BytesIO(data))
    check_size(image.size, max_pixels)
    raster = read_opened(kind, image, data)
    orientation, notes = orientation_of(image)
    carried, more = carried_by(kind, image, data)
    noted = replace(raster, notes=(*raster.notes, *notes, *more), orientation=orientation)
    return _finished(kind, noted, carried, scale)


def _finished(kind: Kind, raster: Raster, carried: Carried, scale: Scale) -> Picture:
    pixels, alpha, notes, greatest = to_levels(raster, scale)
    pixels = upright(pixels, raster.orientation)
    alpha = None if alpha is None else upright(alpha, raster.orientation)
    carried = turned(carried, raster.orientation)
    return Picture(kind.name, pixels, alpha, (*raster.notes, *notes), carried, greatest)
