"""Writes TIFF files of 8 or 16 bits (TIFF 6.0): Pillow cannot write colour of 16 bits."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags
from PIL.TiffImagePlugin import ImageFileDirectory_v2
from pleinair.pictures.picture import Carried
from pleinair.pictures.tiff.description import copy_description

from server.pictures.exif import read_exif

_STRIP_BYTES = 1 << 20
_DEFLATE, _DIFFERENCES, _RGB, _STRAIGHT_ALPHA, _INCHES = 8, 2, 2, 2, 2
_BASE = ExifTags.Base


def encode_tiff(pixels: NDArray[Any], carried: Carried) -> bytes:
    """Encodes H x W x 3 or 4 pixels, uint8 or uint16, without loss, in strips of differences."""
    height, width, channels = pixels.shape
    rows = max(1, _STRIP_BYTES // pixels[0].nbytes)
    strips = list(_strips(pixels, rows))
    counts = tuple(map(len, strips))
    directory = ImageFileDirectory_v2(b"II*\0\0\0\0\0")
    directory[_BASE.ImageWidth], directory[_BASE.ImageLength] = width, height
    directory[_BASE.BitsPerSample] = (pixels.dtype.itemsize * 8,) * channels
    directory[_BASE.Compression], directory[_BASE.Predictor] = _DEFLATE, _DIFFERENCES
    directory[_BASE.PhotometricInterpretation], directory[_BASE.SamplesPerPixel] = _RGB, channels
    directory[_BASE.PlanarConfiguration] = 1
    directory[_BASE.RowsPerStrip], directory[_BASE.StripByteCounts] = rows, counts
    # From where the directory ends: Pillow adds that.
    directory[_BASE.StripOffsets] = tuple(sum(counts[:number]) for number in range(len(counts)))
    if channels == 4:
        directory[_BASE.ExtraSamples] = _STRAIGHT_ALPHA
    _describe(directory, carried)
    file = io.BytesIO()
    directory.save(file)
    file.writelines(strips)
    return file.getvalue()


def _strips(pixels: NDArray[Any], rows: int) -> Iterator[bytes]:
    for top in range(0, len(pixels), rows):
        strip = pixels[top : top + rows]
        differences = np.concatenate((strip[:, :1], np.diff(strip, axis=1)), axis=1)
        yield zlib.compress(differences.astype(differences.dtype.newbyteorder("<"), copy=False).tobytes())


def _describe(directory: ImageFileDirectory_v2, carried: Carried) -> None:
    if carried.icc_profile:
        directory[_BASE.InterColorProfile] = carried.icc_profile
    if carried.xmp:
        directory[_BASE.XMLPacket] = carried.xmp
    if carried.resolution:
        directory[_BASE.XResolution], directory[_BASE.YResolution] = carried.resolution
        directory[_BASE.ResolutionUnit] = _INCHES
    copy_description(read_exif(carried.exif), directory)
