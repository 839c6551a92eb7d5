"""Results of every format, read again by the one reader and by Pillow: what was written is there."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ExifTags, Image
from pleinair.pictures.picture import Carried, Picture, PictureError, PngChunk
from pleinair.pictures.reading import read_picture

from server.pictures.formats import AVIF, FORMATS, JPEG, PNG, TIFF, WEBP, Format, format_of
from server.pictures.results import encode_result
from tests.server.picture_files import SRGB_PROFILE, random_samples

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
GAMMA = PngChunk(b"gAMA", (100_000).to_bytes(4))
CHROMATICITIES = PngChunk(b"cHRM", bytes(range(32)))
DISPLAY_P3 = PngChunk(b"cICP", bytes((12, 13, 0, 1)))


def exif(*, thumbnail: bytes = b"") -> bytes:
    """Of an upright picture by a camera, with a place, and with a thumbnail as cameras add it."""
    tags = Image.Exif()
    tags[ExifTags.Base.Make], tags[ExifTags.Base.Orientation] = "Camera", 1
    tags.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.LensModel] = "Lens"
    tags.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    data = tags.tobytes().removeprefix(b"Exif\0\0")
    if not thumbnail:
        return data
    start = 8 + 2 + 12 * int.from_bytes(data[8:10])
    entries = ((0x0201, len(data) + 30), (0x0202, len(thumbnail)))
    second = b"\0\2" + b"".join(tag.to_bytes(2) + b"\0\4\0\0\0\1" + value.to_bytes(4) for tag, value in entries)
    return data[:start] + len(data).to_bytes(4) + data[start + 4 :] + second + bytes(4) + thumbnail


NOTHING = Carried()
CARRIED = Carried(SRGB_PROFILE, exif(), XMP, (300.0, 150.0))


def smooth(channels: int = 3) -> NDArray[np.uint8]:
    """A slope, which lossy formats keep."""
    row = np.linspace(20, 230, 48)
    colour = np.stack([row + 10 * number for number in range(channels)], axis=-1)
    return np.broadcast_to(colour, (32, 48, channels)).clip(0, 255).astype(np.uint8)


def written(pixels: NDArray[Any], form: Format, carried: Carried = NOTHING, quality: int = 95) -> Picture:
    return read_picture(encode_result(pixels, carried, form, quality).data)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("form", [PNG, TIFF])
def test_formats_without_loss_keep_every_value(form: Format, dtype: Any, channels: int) -> None:
    pixels = random_samples((700, 801, channels), dtype)
    np.testing.assert_array_equal(written(pixels, form).in_colour(), pixels)


@pytest.mark.parametrize("pixels", [random_samples((9, 7, 3)), random_samples((9, 7, 4)), random_samples((1, 1, 3))])
def test_pillow_reads_what_we_write(pixels: NDArray[np.uint8]) -> None:
    for form in (PNG, TIFF):
        with Image.open(io.BytesIO(encode_result(pixels, CARRIED, form).data)) as image:
            np.testing.assert_array_equal(np.asarray(image), pixels)


@pytest.mark.parametrize("channels", [3, 4])
def test_webp_of_the_best_quality_keeps_every_value(channels: int) -> None:
    pixels = random_samples((20, 30, channels))
    np.testing.assert_array_equal(written(pixels, WEBP, quality=100).in_colour(), pixels)


@pytest.mark.parametrize("form", [JPEG, WEBP, AVIF])
def test_lossy_formats_are_near_and_smaller_at_a_lower_quality(form: Format) -> None:
    pixels = smooth()
    assert np.abs(written(pixels, form).in_colour().astype(int) - pixels).max() <= 4
    sizes = [len(encode_result(random_samples((64, 64, 3)), Carried(), form, quality).data) for quality in (30, 60, 95)]
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("form", FORMATS)
def test_profile_exif_xmp_and_resolution_travel_into_every_format(form: Format) -> None:
    result = encode_result(smooth(), CARRIED, form)
    assert result.notes == ()
    carried = read_picture(result.data).carried
    assert (carried.icc_profile, carried.xmp) == (SRGB_PROFILE, XMP)
    with Image.open(io.BytesIO(result.data)) as image:
        tags = image.getexif()
        assert tags[ExifTags.Base.Make] == "Camera"
        assert tags.get(ExifTags.Base.Orientation, 1) == 1
        assert tags.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.LensModel] == "Lens"
        assert tags.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] == "N"
        resolution = image.info.get("dpi") or (tags[ExifTags.Base.XResolution], tags[ExifTags.Base.YResolution])
    assert [float(number) for number in resolution] == pytest.approx((300, 150), abs=0.02)


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_is_added_where_nothing_is_carried(form: Format) -> None:
    carried = written(smooth(), form).carried
    assert (carried.icc_profile, carried.exif, carried.xmp, carried.png_colour) == (None, None, None, ())


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_png_keeps_what_its_source_says_of_its_colours(dtype: Any) -> None:
    chunks = (GAMMA, CHROMATICITIES, PngChunk(b"sRGB", b"\0"), DISPLAY_P3)
    assert written(random_samples((4, 4, 3), dtype), PNG, Carried(png_colour=chunks)).carried.png_colour == chunks


def test_a_png_has_a_profile_or_is_srgb_but_not_both() -> None:
    carried = Carried(SRGB_PROFILE, png_colour=(PngChunk(b"sRGB", b"\0"), GAMMA))
    assert written(smooth(), PNG, carried).carried.png_colour == (GAMMA,)


@pytest.mark.parametrize("form", [JPEG, WEBP, TIFF, AVIF])
def test_a_format_without_a_place_for_them_says_that_they_are_left_out(form: Format) -> None:
    result = encode_result(smooth(), Carried(png_colour=(GAMMA, DISPLAY_P3)), form)
    assert result.notes == (
        f"What it says of its colours (gAMA, cICP) was left out, as {form.name} has no place for it, so the result may"
        " look different; write a .png file to keep it.",
    )


def test_chunks_that_mean_srgb_are_left_out_silently_as_are_those_that_a_profile_overrules() -> None:
    srgb = (PngChunk(b"gAMA", (45_455).to_bytes(4)), PngChunk(b"sRGB", b"\0"), PngChunk(b"cICP", bytes((1, 13, 0, 1))))
    assert encode_result(smooth(), Carried(png_colour=srgb), JPEG).notes == ()
    assert encode_result(smooth(), Carried(SRGB_PROFILE, png_colour=(GAMMA,)), JPEG).notes == ()


@pytest.mark.parametrize("form", FORMATS)
def test_the_sources_thumbnail_does_not_become_the_results(form: Format) -> None:
    secret = b"\xff\xd8 the source, made small"
    data = encode_result(smooth(), Carried(exif=exif(thumbnail=secret)), form).data
    assert secret not in data
    with Image.open(io.BytesIO(data)) as image:
        tags = image.getexif()
        assert tags[ExifTags.Base.Make] == "Camera"
        assert tags.get_ifd(ExifTags.IFD.IFD1) == {}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("broken", [b"", b"II", b"II*\0\xff\xff\xff\x7f", b"nonsense", exif()[:20]])
def test_damaged_exif_data_is_left_out_and_said(broken: bytes, form: Format) -> None:
    result = encode_result(smooth(), Carried(exif=broken), form)
    assert result.notes == ("Its EXIF data is damaged and was left out.",)
    assert read_picture(result.data).carried.exif is None


def test_exif_data_that_does_not_say_that_nothing_follows_is_kept() -> None:
    short = b"MM\0*\0\0\0\x08\0\1" + (0x0112).to_bytes(2) + b"\0\3\0\0\0\1\0\1\0\0"
    result = encode_result(smooth(), Carried(exif=short), JPEG)
    assert result.notes == ()
    assert short in result.data


@pytest.mark.parametrize("form", FORMATS)
def test_exif_data_that_ends_in_its_thumbnail_is_kept_as_far_as_it_goes(form: Format) -> None:
    data = encode_result(smooth(), Carried(exif=exif(thumbnail=b"x")[:-20]), form).data
    with Image.open(io.BytesIO(data)) as image:
        assert image.getexif()[ExifTags.Base.Make] == "Camera"


@pytest.mark.parametrize("form", [JPEG, WEBP, AVIF])
def test_sixteen_bits_are_rounded_to_eight_and_it_is_said(form: Format) -> None:
    result = encode_result(smooth().astype(np.uint16) * 257 + 100, Carried(), form)
    assert result.notes == (
        f"The result was rounded from 16 bits a sample to 8, the most that {form.name} is written with.",
    )
    assert np.abs(read_picture(result.data).in_colour().astype(int) - smooth()).max() <= 4


def test_transparency_is_laid_on_white_in_a_jpeg_and_it_is_said() -> None:
    pixels = smooth(4)
    pixels[:, :16, 3], pixels[:, 16:32, 3], pixels[:, 32:, 3] = 0, 128, 255
    result = encode_result(pixels, Carried(), JPEG)
    assert result.notes == ("Its transparent parts were laid on white, as JPEG has no transparency.",)
    right = pixels[..., :3] * (pixels[..., 3:] / 255) + 255 - pixels[..., 3:].astype(float)
    read = read_picture(result.data).in_colour()[:, [4, 24, 40]]
    assert np.abs(read - right[:, [4, 24, 40]]).max() <= 6


def test_a_jpeg_of_an_opaque_picture_with_alpha_says_nothing() -> None:
    pixels = smooth(4)
    pixels[..., 3] = 255
    assert encode_result(pixels, Carried(), JPEG).notes == ()


def test_what_a_jpeg_has_no_room_for_is_left_out_and_said() -> None:
    long = Carried(exif=exif() + bytes(70_000), xmp=XMP + b" " * 70_000)
    result = encode_result(smooth(), long, JPEG)
    assert result.notes == (
        "Its EXIF data was left out, because it is too long for JPEG.",
        "Its XMP data was left out, because it is too long for JPEG.",
    )


def test_the_longest_data_that_a_jpeg_has_room_for_is_kept() -> None:
    full = Carried(exif=exif().ljust(65_527, b"\0"), xmp=XMP.ljust(65_504))
    result = encode_result(smooth(), full, JPEG)
    assert result.notes == ()
    assert read_picture(result.data).carried.xmp == full.xmp


def test_a_picture_that_is_too_long_for_its_format_is_answered_with_one_that_would_do() -> None:
    with pytest.raises(PictureError, match=r"16,384 x 1 pixels, and a WebP file has at most 16,383 a side; write a"):
        encode_result(np.zeros((1, 16_384, 3), np.uint8), Carried(), WEBP)


@pytest.mark.parametrize(("form", "side"), [(JPEG, 65_500), (WEBP, 16_383), (AVIF, 65_535)])
def test_the_longest_pictures_are_written(form: Format, side: int) -> None:
    assert encode_result(np.zeros((1, side, 3), np.uint8), Carried(), form, 50).data


def test_a_format_is_found_by_any_of_its_suffixes() -> None:
    assert [format_of(suffix) for suffix in (".PNG", ".jpeg", ".jfif", ".TIFF", ".gif", "")] == [
        PNG,
        JPEG,
        JPEG,
        TIFF,
        None,
        None,
    ]
