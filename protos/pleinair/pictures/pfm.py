"""Reads PFM files in colour; Pillow reads those in grey."""

from __future__ import annotations

import re

import numpy as np

from pleinair.pictures.headers import check_size
from pleinair.pictures.raster import Raster

_HEADER = re.compile(rb"PF\s+(\d+)\s+(\d+)\s+([-+.\deE]+)\s")


def read_pfm(data: bytes, max_pixels: int) -> Raster:
    """Returns the samples: rows from the lowest up, in the byte order that the sign of the third number tells. Raises
    PictureError for the size, ValueError for a damaged file."""
    header = _HEADER.match(data)
    if header is None:
        raise ValueError("this is no header of a PFM file")
    width, height = int(header[1]), int(header[2])
    check_size((width, height), max_pixels)
    number = np.dtype("<f4" if float(header[3]) < 0 else ">f4")
    samples = np.frombuffer(data, number, width * height * 3, header.end())
    return Raster(samples.reshape(height, width, 3)[::-1].astype(np.float32), None)
