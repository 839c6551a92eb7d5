"""Picture files with something wrong inside, read here and translated by a server."""

from __future__ import annotations

import io
import time
import warnings
from random import Random
from typing import Any

import grpc
import numpy as np
from PIL import Image
from pleinair.pictures.picture import PictureError
from pleinair.pictures.reading import read_picture
from pleinair.v1 import translation_pb2 as pb

from tests.fuzz.calls import SECONDS
from tests.fuzz.holding import Broken, check_failure, check_text
from tests.fuzz.parts import changed
from tests.fuzz.target import Target
from tests.pictures.tiff_files import CMYK, DEFLATE, GREY, LAB, LZW, PACKBITS, PALETTE, RGB, Layout, tiff_file
from tests.server.picture_files import GREY_ALPHA, RGBA, file_of, png_file, random_samples
from tests.server.picture_files import PALETTE as PNG_PALETTE

_SIDE = 12
_MOST_PIXELS = 100_000
_MOST_SECONDS = 5.0  # of the processor, for a picture of a few kilobytes
_SMALL = Image.fromarray(random_samples((_SIDE, _SIDE, 3)))


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a picture"
    return exif


def _served() -> list[bytes]:
    grey, four = (random_samples((_SIDE, _SIDE, count)) for count in (2, 4))
    deep = random_samples((_SIDE, _SIDE, 4), np.uint16)
    palette = [(b"PLTE", bytes(range(48))), (b"tRNS", bytes(16))]
    animated: dict[str, Any] = {"save_all": True, "append_images": [_SMALL.rotate(90)]}
    return [
        png_file(four, RGBA, filters=(0, 1, 2, 3, 4), extra=[(b"gAMA", b"\0\0\xb1\x8f")]),
        png_file(deep, RGBA, interlaced=True),
        png_file(grey, GREY_ALPHA, interlaced=True),
        png_file(four[..., :1] & 15, PNG_PALETTE, bits=4, extra=palette),
        file_of(_SMALL, "PNG", **animated),
        file_of(_SMALL, "JPEG", exif=_exif(), quality=90),
        file_of(_SMALL, "JPEG", progressive=True),
        file_of(_SMALL.convert("CMYK"), "JPEG"),
        file_of(_SMALL.convert("L"), "JPEG"),
        file_of(_SMALL, "WEBP", exif=_exif()),
        file_of(_SMALL.convert("RGBA"), "WEBP", lossless=True),
        file_of(_SMALL, "WEBP", **animated),
    ]


def _read_only() -> list[bytes]:
    four = random_samples((_SIDE, _SIDE, 4))
    return [
        tiff_file(four, RGB, Layout("<"), t338=[1]),
        tiff_file(four[..., :3], RGB, Layout(">", LZW, 2)),
        tiff_file(four[..., :1], GREY, Layout("<", DEFLATE, tile=(16, 16))),
        tiff_file(four[..., :3], RGB, Layout(">", PACKBITS, planar=True)),
        tiff_file(four[..., :3].astype(np.float32) / 255, RGB, Layout("<", DEFLATE, 3)),
        tiff_file(four[..., :1], PALETTE, t320=[7] * 768),
        tiff_file(four, CMYK),
        tiff_file(four[..., :3], LAB),
        file_of(_SMALL, "TIFF", compression="jpeg"),
        file_of(_SMALL, "GIF", save_all=True, append_images=[_SMALL.rotate(90)]),
        file_of(_SMALL, "BMP"),
        file_of(_SMALL, "PPM"),
        file_of(_SMALL, "AVIF"),
        b"PF\n4 4\n-1.0\n" + four.tobytes()[: 4 * 4 * 3 * 4],
    ]


SERVED = _served()
ALL = [*SERVED, *_read_only()]


class ReadPictures:
    """An attempt is a file that the one reader of training, scripts and server reads or refuses."""

    def attempt(self, dice: Random) -> None:
        """Raises Broken when it does neither, or takes long."""
        data, began = changed(dice.choice(ALL), dice), time.process_time()
        try:
            with warnings.catch_warnings(action="ignore"):  # Pillow warns of odd tags and goes on
                pixels = read_picture(io.BytesIO(data), max_pixels=_MOST_PIXELS).pixels
            if pixels.ndim != 3 or pixels.shape[0] * pixels.shape[1] > _MOST_PIXELS:
                raise Broken(f"A picture was read as {pixels.shape}: {data!r}")
        except PictureError as error:
            _check_sentence(error.sentence, data)
        if time.process_time() - began > _MOST_SECONDS:
            raise Broken(f"A small picture took {time.process_time() - began:.1f} seconds: {data!r}")


class TranslatedPictures:
    """An attempt is a file that a server translates or refuses."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def attempt(self, dice: Random) -> None:
        """Raises Broken unless it does either, and what it sends back is a picture."""
        data = changed(dice.choice(SERVED), dice)
        request = pb.TranslateImageRequest(filter_id=dice.choice(("identity", "inverting")), image=data)
        try:
            answered = self._target.connection.translation.TranslateImage(request, timeout=SECONDS)
        except grpc.RpcError as error:
            check_failure(error, *self._target.places)
            return
        Image.open(io.BytesIO(answered.image)).load()


def _check_sentence(sentence: str, data: bytes) -> None:
    check_text(sentence)
    if not sentence.endswith(".") or len(sentence) > 1000 or not sentence.isprintable():
        raise Broken(f"A picture was refused with {sentence[:500]!r}: {data!r}")
