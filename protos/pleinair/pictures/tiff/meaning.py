"""Says what the samples of a TIFF page are: colours, transparency, or neither."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pleinair.pictures.colour import from_cmyk, from_lab
from pleinair.pictures.levels import to_bytes, to_levels
from pleinair.pictures.picture import Note, NoteKind
from pleinair.pictures.raster import Raster
from pleinair.pictures.tiff.tags import CMYK, COLOURS, FLOAT, GREY, GREY_INVERTED, LAB, RGB, YCBCR, Page

_PREMULTIPLIED = 1
_ALPHA = (_PREMULTIPLIED, 2, 999)  # of ExtraSamples; 999 is what an old editor wrote for straight alpha
_MOST_BITS_UNSCALED = 16  # wider whole numbers usually hold values of 16 bits


def can_mean(page: Page) -> bool:
    """Whether ``meant`` knows the page's colours, and they are all there."""
    known = page.photometric in (GREY, GREY_INVERTED, RGB, CMYK, LAB, YCBCR)
    if not known or page.samples < COLOURS[page.photometric]:
        return False
    if page.photometric == YCBCR:
        return page.bits[0] == 8 and page.numbers(530, (2, 2)) == (1, 1)
    return page.photometric != LAB or (page.bits[0] in (8, 16) and page.formats[0] != FLOAT)


def meant(page: Page, stored: NDArray[Any]) -> Raster:
    """Returns H x W x samples, as stored, as grey or RGB with straight alpha; other samples are left out and noted."""
    colours = COLOURS[page.photometric]
    kinds = page.numbers(338)[: stored.shape[2] - colours]
    place = next((at for at, kind in enumerate(kinds) if kind in _ALPHA), None)
    white = None if page.formats[0] == FLOAT else 2 ** min(page.bits[0], _MOST_BITS_UNSCALED) - 1
    raster = Raster(stored[..., :colours], white, notes=_bands_note(stored.shape[2] - colours - (place is not None)))
    if place is not None:
        raster = replace(raster, alpha=stored[..., colours + place])
        if kinds[place] == _PREMULTIPLIED:
            raster = replace(raster, samples=_straight(raster))
    if page.photometric == LAB:
        return _converted(raster, "LAB", _lab_bytes(raster.samples), page)
    if page.photometric == CMYK:
        return _converted(raster, "CMYK", to_bytes(to_levels(replace(raster, alpha=None))[0]), page)
    if page.photometric == YCBCR:
        rgb = _image("YCbCr", raster.samples).convert("RGB")
        return replace(raster, samples=np.asarray(rgb))
    return replace(raster, inverted=page.photometric == GREY_INVERTED)


def _bands_note(left: int) -> tuple[Note, ...]:
    if not left:
        return ()
    bands = "1 band that is" if left == 1 else f"{left} bands that are"
    return (Note(NoteKind.BANDS, f"It has {bands} neither colour nor transparency, and left out.", left),)


def _straight(raster: Raster) -> NDArray[Any]:
    """Divides colours by alpha. Whole numbers are rounded down, as Pillow does."""
    alpha = (raster.samples[..., 0] if raster.alpha is None else raster.alpha)[..., np.newaxis]
    if raster.white is None:
        straight: NDArray[Any] = np.zeros_like(raster.samples)
        np.divide(raster.samples, alpha, out=straight, where=alpha > 0)
        return straight
    wide = raster.samples.astype(np.int64) * raster.white
    divided: NDArray[np.int64] = np.floor_divide(wide, alpha, out=np.zeros_like(wide), where=alpha > 0)
    return divided.clip(0, raster.white).astype(raster.samples.dtype)


def _converted(raster: Raster, mode: str, pixels: NDArray[np.uint8], page: Page) -> Raster:
    image = _image(mode, pixels)
    image.info["icc_profile"] = page.raw(34675)
    converted, note = from_lab(image) if mode == "LAB" else from_cmyk(image)
    alpha = to_levels(replace(raster, samples=raster.samples[..., :1]))[1]
    return Raster(np.asarray(converted), 255, None if alpha is None else to_bytes(alpha), notes=(*raster.notes, note))


def _image(mode: str, pixels: NDArray[np.uint8]) -> Image.Image:
    height, width, _ = pixels.shape
    return Image.frombytes(mode, (width, height), np.ascontiguousarray(pixels).tobytes())


def _lab_bytes(samples: NDArray[Any]) -> NDArray[np.uint8]:
    """Returns L* in 0 to 255 and signed a*, b* as bytes, as files of 8 bits hold them."""
    if samples.dtype.itemsize == 1:
        return samples.view(np.uint8)
    lightness = to_bytes(samples[..., :1].astype(np.uint16))
    signed = np.floor(samples[..., 1:].astype(np.uint16).view(np.int16) / 256 + 0.5).clip(-128, 127).astype(np.int8)
    return np.concatenate((lightness, signed.view(np.uint8)), axis=2)
