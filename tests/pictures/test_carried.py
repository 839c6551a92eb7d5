"""What travels with a picture into a result."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import ExifTags, Image
from pleinair.pictures.picture import Carried, NoteKind, PngChunk
from pleinair.pictures.reading import read_picture

from tests.pictures.tiff_files import CMYK, RGB, tiff_file
from tests.server.picture_files import RGB as PNG_RGB
from tests.server.picture_files import SRGB_PROFILE, cmyk_profile, file_of, png_file, random_samples

PHOTO = Image.fromarray(random_samples((4, 6, 3)))
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6" dc:title="Home"/></x:xmpmeta>'


def exif_of(orientation: int) -> bytes:
    """EXIF with an orientation, a camera, and an exposure time of 1/50 s in its inner directory."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = "Camera"
    exif[ExifTags.IFD.Exif] = {ExifTags.Base.ExposureTime: 0.02}
    return exif.tobytes()


def read_exif(data: bytes | None) -> Image.Exif:
    assert data is not None and data[:2] in (b"II", b"MM")
    exif = Image.Exif()
    exif.load(b"Exif\0\0" + data)
    return exif


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF"])
def test_exif_travels_and_says_that_the_picture_is_upright(kind: str) -> None:
    carried = read_picture(file_of(PHOTO, kind, exif=exif_of(6))).carried
    exif = read_exif(carried.exif)
    assert (exif[ExifTags.Base.Orientation], exif[ExifTags.Base.Make]) == (1, "Camera")
    assert exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExposureTime] == pytest.approx(0.02)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_exif_of_an_upright_picture_travels_byte_for_byte(kind: str) -> None:
    given = exif_of(1)
    assert read_picture(file_of(PHOTO, kind, exif=given)).carried.exif == given.removeprefix(b"Exif\0\0")


def test_of_a_tiff_what_describes_the_picture_travels_and_what_describes_the_file_does_not() -> None:
    file = io.BytesIO()
    exif = Image.Exif()
    exif.load(exif_of(6))
    PHOTO.save(file, "TIFF", exif=exif)
    carried = read_exif(read_picture(file.getvalue()).carried.exif)
    assert carried[ExifTags.Base.Make] == "Camera"
    assert carried.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExposureTime] == pytest.approx(0.02)
    assert not {ExifTags.Base.StripOffsets, ExifTags.Base.ImageWidth, ExifTags.Base.Orientation} & set(carried)


def test_damaged_exif_travels_as_it_is() -> None:
    carried = read_picture(png_file(random_samples((2, 2, 3)), PNG_RGB, extra=[(b"eXIf", b"no such thing")])).carried
    assert carried.exif == b"no such thing"


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF"])
def test_xmp_travels_and_says_that_the_picture_is_upright(kind: str) -> None:
    xmp = read_picture(file_of(PHOTO, kind, xmp=XMP)).carried.xmp
    assert xmp == XMP.replace(b'"6"', b'"1"')


def test_xmp_of_png_and_tiff_travels() -> None:
    text = b"XML:com.adobe.xmp\0\0\0\0\0" + XMP
    assert read_picture(png_file(random_samples((2, 2, 3)), PNG_RGB, extra=[(b"iTXt", text)])).carried.xmp
    assert read_picture(tiff_file(random_samples((2, 2, 3)), RGB, t700=XMP)).carried.xmp


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP"])
def test_resolution_travels_and_turns_with_the_picture(kind: str) -> None:
    assert read_picture(file_of(PHOTO, kind, dpi=(300, 150))).carried.resolution == pytest.approx((300, 150), rel=1e-3)
    if kind != "BMP":
        on_its_side = file_of(PHOTO, kind, dpi=(300, 150), exif=exif_of(8))
        assert read_picture(on_its_side).carried.resolution == pytest.approx((150, 300), rel=1e-3)


def test_a_resolution_that_is_none_does_not_travel() -> None:
    zero = struct.pack(">IIB", 0, 0, 1)
    assert read_picture(png_file(random_samples((2, 2, 3)), PNG_RGB, extra=[(b"pHYs", zero)])).carried == Carried()


def test_the_colour_chunks_of_a_png_travel_byte_for_byte() -> None:
    chunks = [
        (b"cICP", bytes((9, 16, 0, 1))),
        (b"gAMA", struct.pack(">I", 100000)),
        (b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)),
        (b"sRGB", b"\0"),
    ]
    for dtype in (np.uint8, np.uint16):
        carried = read_picture(png_file(random_samples((2, 2, 3), dtype), PNG_RGB, extra=chunks)).carried
        assert carried.png_colour == tuple(PngChunk(*chunk) for chunk in chunks)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
def test_an_rgb_profile_travels_byte_for_byte_and_the_values_stay(kind: str) -> None:
    picture = read_picture(file_of(PHOTO, kind, icc_profile=SRGB_PROFILE, lossless=True))
    assert picture.carried.icc_profile == SRGB_PROFILE
    if kind in ("PNG", "WEBP", "TIFF"):
        np.testing.assert_array_equal(picture.pixels, np.asarray(PHOTO))


def test_a_profile_that_does_not_fit_the_pixels_does_not_travel() -> None:
    grey = SRGB_PROFILE[:16] + b"GRAY" + SRGB_PROFILE[20:]
    picture = read_picture(file_of(PHOTO.convert("L"), "TIFF", icc_profile=grey))
    assert (picture.carried.icc_profile, [note.kind for note in picture.notes]) == (None, [NoteKind.PROFILE])
    cmyk = read_picture(tiff_file(random_samples((2, 2, 4)), CMYK, t34675=cmyk_profile()))
    assert (cmyk.carried.icc_profile, [note.kind for note in cmyk.notes]) == (None, [NoteKind.CONVERTED])
