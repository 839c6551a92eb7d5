import struct

import numpy as np
import pytest
from PIL import Image

from server.pictures.files import Picture, PictureError, decode_picture
from tests.server.picture_files import (
    CHANNELS,
    GREY,
    GREY_ALPHA,
    RGB,
    RGBA,
    SRGB_PROFILE,
    cmyk_profile,
    file_of,
    mutations,
    png_file,
    png_header_only,
    png_of,
    random_samples,
    webp_header_only,
)

MAX_PIXELS = 1_000_000


def decode(data: bytes) -> Picture:
    return decode_picture(data, max_pixels=MAX_PIXELS)


def refusal(data: bytes, *, max_pixels: int = MAX_PIXELS) -> PictureError:
    with pytest.raises(PictureError) as caught:
        decode_picture(data, max_pixels=max_pixels)
    return caught.value


@pytest.mark.parametrize("data", [b"hello, I am a text file", file_of(Image.new("RGB", (4, 4)), "TIFF")])
def test_another_kind_of_file_is_refused_with_the_kinds_that_are_read(data: bytes) -> None:
    assert refusal(data).sentence == "This is not a PNG, JPEG or WebP picture; save it as one of these and try again."


def test_an_empty_file_is_called_empty() -> None:
    assert refusal(b"").sentence == "The file is empty; expected a PNG, JPEG or WebP picture."


def test_a_picture_of_no_pixels_is_refused() -> None:
    error = refusal(png_header_only(0, 0))
    assert "0 x 0 pixels" in error.sentence
    assert not error.too_large


@pytest.mark.parametrize(
    "data",
    [
        png_header_only(200_000, 200_000),
        png_header_only(20_000, 20_000),
        png_header_only(2**31 - 1, 1),
        webp_header_only(16_000, 16_000),
        file_of(Image.new("L", (1001, 1000)), "JPEG"),
        file_of(Image.new("L", (1001, 1000)), "WEBP"),
        file_of(Image.new("L", (1001, 1000)), "WEBP", lossless=True),
    ],
)
def test_a_picture_over_the_limit_is_refused_by_its_header(data: bytes) -> None:
    error = refusal(data)
    assert error.too_large
    assert "at most 1,000,000 pixels are accepted" in error.sentence


def test_a_second_header_does_not_get_around_the_limit() -> None:
    first, second = (struct.pack(">IIBBBBB", side, side, 8, RGB, 0, 0, 0) for side in (1, 200_000))
    assert refusal(png_of((b"IHDR", first), (b"IHDR", second), (b"IDAT", b""))).too_large


def test_a_picture_of_exactly_the_limit_is_read() -> None:
    data = file_of(Image.new("RGB", (7, 5)), "PNG")
    assert decode_picture(data, max_pixels=35).pixels.shape == (5, 7, 3)
    assert refusal(data, max_pixels=34).too_large


def test_what_pillow_itself_finds_too_large_is_called_too_large() -> None:
    assert refusal(webp_header_only(2**24, 2**24), max_pixels=2**60).too_large


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_a_truncated_file_is_called_incomplete(kind: str, part: float) -> None:
    data = file_of(Image.fromarray(random_samples((40, 40, 3))), kind)
    assert "damaged or incomplete" in refusal(data[: int(len(data) * part)]).sentence


@pytest.mark.parametrize("colour_type", [GREY, GREY_ALPHA, RGB, RGBA])
def test_a_truncated_16_bit_file_is_called_incomplete(colour_type: int) -> None:
    data = png_file(random_samples((40, 40, CHANNELS[colour_type]), np.uint16), colour_type)
    assert "damaged or incomplete" in refusal(data[: len(data) // 2]).sentence


def seeds() -> list[bytes]:
    small = Image.fromarray(random_samples((12, 12, 3)))
    exif = small.getexif()
    exif[0x0112] = 6
    return [
        file_of(small, "PNG", icc_profile=SRGB_PROFILE, exif=exif),
        file_of(small, "PNG", save_all=True, append_images=[small.rotate(90)]),
        file_of(small.quantize(9), "PNG", transparency=3),
        png_file(random_samples((12, 12, 4), np.uint16), RGBA, interlaced=True),
        png_file(random_samples((12, 12, 2), np.uint16), GREY_ALPHA),
        file_of(small, "JPEG", icc_profile=SRGB_PROFILE, exif=exif),
        file_of(small.convert("CMYK"), "JPEG", icc_profile=cmyk_profile()),
        file_of(small, "WEBP", exif=exif),
        file_of(small, "WEBP", lossless=True, save_all=True, append_images=[small.rotate(90)]),
    ]


@pytest.mark.filterwarnings("ignore")  # Pillow warns of odd EXIF data and goes on
@pytest.mark.parametrize("seed", seeds(), ids=range(9))
def test_mutated_files_are_read_or_refused_and_nothing_else(seed: bytes) -> None:
    for mutated in mutations(seed, 300):
        try:
            picture = decode(mutated)
        except PictureError as error:
            assert error.sentence.endswith(".")
        else:
            assert picture.pixels.ndim == 3
