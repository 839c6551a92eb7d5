import io
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from PIL import Image, ImageOps
from pleinair.pictures.picture import Carried

from server.pictures.files import Picture, decode_picture, encode_png
from tests.server.picture_files import (
    CHANNELS,
    GREY,
    GREY_ALPHA,
    PALETTE,
    RGB,
    RGBA,
    SRGB_PROFILE,
    cmyk_profile,
    file_of,
    idat_of,
    png_file,
    random_samples,
)

MAX_PIXELS = 1_000_000


def decode(data: bytes) -> Picture:
    return decode_picture(data, max_pixels=MAX_PIXELS)


def as_colour(samples: NDArray[Any]) -> NDArray[Any]:
    """Grey repeated three times, alpha kept."""
    grey = samples.shape[2] < 3
    return samples[..., [0, 0, 0, 1][: samples.shape[2] + 2]] if grey else samples


def pixels_strategy() -> st.SearchStrategy[NDArray[Any]]:
    shapes = st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from((3, 4)))
    return st.sampled_from((np.uint8, np.uint16)).flatmap(lambda dtype: arrays.arrays(dtype, shapes))


# Lossless round trips


@settings(deadline=None, max_examples=60)
@given(pixels=pixels_strategy(), profile=st.sampled_from((None, SRGB_PROFILE)))
def test_what_is_encoded_decodes_to_the_same_picture(pixels: NDArray[Any], profile: bytes | None) -> None:
    picture = decode(encode_png(Picture(pixels, Carried(profile))))
    np.testing.assert_array_equal(picture.pixels, pixels, strict=True)
    assert (picture.carried.icc_profile, picture.notes) == (profile, ())


@settings(deadline=None, max_examples=60)
@given(
    size=st.tuples(st.integers(1, 17), st.integers(1, 17)),
    colour_type=st.sampled_from((GREY, GREY_ALPHA, RGB, RGBA)),
    dtype=st.sampled_from((np.uint8, np.uint16)),
    filters=st.lists(st.integers(0, 4), min_size=1, max_size=5),
    interlaced=st.booleans(),
)
def test_every_sample_of_every_png_layout_is_read_exactly(
    size: tuple[int, int], colour_type: int, dtype: Any, filters: list[int], interlaced: bool
) -> None:
    samples = random_samples((*size, CHANNELS[colour_type]), dtype)
    picture = decode(png_file(samples, colour_type, filters=filters, interlaced=interlaced))
    np.testing.assert_array_equal(picture.pixels, as_colour(samples), strict=True)


@pytest.mark.parametrize("channels", [3, 4])
def test_the_16_bit_writer_writes_big_endian_rows_less_the_row_above(channels: int) -> None:
    pixels = random_samples((5, 3, channels), np.uint16)
    lines = np.frombuffer(idat_of(encode_png(Picture(pixels))), np.uint8).reshape(5, 1 + 3 * channels * 2)
    assert set(lines[:, 0]) == {2}
    np.testing.assert_array_equal(
        np.cumsum(lines[:, 1:], axis=0, dtype=np.uint8), pixels.astype(">u2").view("u1").reshape(5, -1)
    )


def test_another_reader_sees_the_high_bytes_of_a_16_bit_file() -> None:
    pixels = random_samples((4, 6, 3), np.uint16)
    with Image.open(io.BytesIO(encode_png(Picture(pixels)))) as image:
        np.testing.assert_array_equal(np.asarray(image), pixels >> 8)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_an_rgb_profile_is_kept_byte_for_byte(dtype: Any) -> None:
    profile = SRGB_PROFILE + random_samples((1, 50_000, 1)).tobytes()
    picture = decode(encode_png(Picture(random_samples((2, 2, 3), dtype), Carried(profile))))
    assert picture.carried.icc_profile == profile


def test_the_profile_of_a_jpeg_and_of_a_webp_reaches_the_png() -> None:
    image = Image.fromarray(random_samples((8, 8, 3)))
    for kind in ("JPEG", "WEBP"):
        picture = decode(file_of(image, kind, icc_profile=SRGB_PROFILE))
        assert decode(encode_png(picture)).carried.icc_profile == SRGB_PROFILE


# Kinds of pictures


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_grey_of_few_bits_is_stretched_to_the_whole_range(bits: int) -> None:
    samples = np.arange(2**bits, dtype=np.uint8).reshape(1, -1, 1)
    expected = np.linspace(0, 255, 2**bits).astype(np.uint8).reshape(1, -1, 1)
    np.testing.assert_array_equal(decode(png_file(samples, GREY, bits=bits)).pixels, as_colour(expected))


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_the_transparent_grey_of_a_png_becomes_alpha(bits: int) -> None:
    dtype = np.uint16 if bits == 16 else np.uint8
    samples = np.array([[[0], [1]]], dtype)
    transparent = png_file(samples, GREY, bits=bits, extra=[(b"tRNS", struct.pack(">H", 1))])
    opaque = np.iinfo(dtype).max
    assert decode(transparent).pixels[0, :, 3].tolist() == [opaque, 0]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_transparent_colour_of_a_png_becomes_alpha(dtype: Any) -> None:
    samples = random_samples((2, 2, 3), dtype)
    samples[1, 1] = (1, 2, 3)
    pixels = decode(png_file(samples, RGB, extra=[(b"tRNS", struct.pack(">HHH", 1, 2, 3))])).pixels
    opaque = np.iinfo(dtype).max
    assert pixels[..., 3].tolist() == [[opaque, opaque], [opaque, 0]]
    np.testing.assert_array_equal(pixels[..., :3], samples)


PALETTE_COLOURS = bytes((10, 20, 30, 40, 50, 60, 70, 80, 90))


def test_a_palette_becomes_rgb() -> None:
    samples = np.array([[[0], [1], [2]]], np.uint8)
    pixels = decode(png_file(samples, PALETTE, extra=[(b"PLTE", PALETTE_COLOURS)])).pixels
    assert pixels.tobytes() == PALETTE_COLOURS
    assert pixels.shape == (1, 3, 3)


@pytest.mark.parametrize("alphas", [(255, 0, 255), (7, 128, 255)])
def test_a_palette_with_transparency_becomes_rgba(alphas: tuple[int, ...]) -> None:
    samples = np.array([[[0], [1], [2]]], np.uint8)
    data = png_file(samples, PALETTE, extra=[(b"PLTE", PALETTE_COLOURS), (b"tRNS", bytes(alphas))])
    pixels = decode(data).pixels
    assert pixels[..., :3].tobytes() == PALETTE_COLOURS
    assert tuple(pixels[0, :, 3]) == alphas


def test_a_grey_jpeg_becomes_rgb() -> None:
    grey = Image.fromarray(random_samples((8, 8, 1))[..., 0])
    data = file_of(grey, "JPEG", quality=95)
    with Image.open(io.BytesIO(data)) as reference:
        np.testing.assert_array_equal(decode(data).pixels, as_colour(np.asarray(reference)[..., np.newaxis]))


def test_a_lossless_webp_with_alpha_is_read_exactly() -> None:
    pixels = random_samples((6, 5, 4))
    data = file_of(Image.fromarray(pixels), "WEBP", lossless=True, exact=True)
    np.testing.assert_array_equal(decode(data).pixels, pixels, strict=True)


def test_cmyk_without_a_profile_is_converted_and_noted() -> None:
    data = file_of(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG")
    picture = decode(data)
    np.testing.assert_allclose(picture.pixels[4, 4].astype(int), (255, 0, 0), atol=4)
    assert [note for note in picture.notes if "CMYK" in note and "approximate" in note]


def test_cmyk_goes_through_its_own_profile_which_is_then_left_out() -> None:
    data = file_of(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", icc_profile=cmyk_profile())
    picture = decode(data)
    np.testing.assert_allclose(picture.pixels[4, 4].astype(int), (0, 0, 255), atol=16)
    assert picture.carried.icc_profile is None
    assert picture.notes == ("It was converted from CMYK to sRGB with its own colour profile.",)


def test_cmyk_with_a_broken_profile_is_converted_as_without_one() -> None:
    image = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    broken = decode(file_of(image, "JPEG", icc_profile=cmyk_profile()[:200]))
    np.testing.assert_array_equal(broken.pixels, decode(file_of(image, "JPEG")).pixels)
    assert len(broken.notes) == 1


def test_a_profile_for_grey_is_left_out_and_noted() -> None:
    profile = SRGB_PROFILE[:16] + b"GRAY" + SRGB_PROFILE[20:]
    picture = decode(file_of(Image.new("L", (2, 2)), "PNG", icc_profile=profile))
    assert picture.carried.icc_profile is None
    assert picture.notes == ("Its colour profile is not for RGB pictures and was left out.",)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_an_animation_the_first_frame_is_taken_and_the_rest_noted(kind: str) -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("#102030", "#ffffff", "#000000")]
    picture = decode(file_of(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True))
    assert (picture.pixels == (0x10, 0x20, 0x30)).all()
    assert picture.notes == ("It is an animation of 3 frames; only the first one was used.",)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_upright_as_its_exif_data_says(orientation: int, kind: str) -> None:
    image = Image.fromarray(random_samples((3, 5, 3)))
    image.getexif()[0x0112] = orientation
    data = file_of(image, kind, exif=image.getexif(), lossless=True)
    np.testing.assert_array_equal(decode(data).pixels, np.asarray(ImageOps.exif_transpose(image)))


def test_a_16_bit_picture_is_turned_upright_too() -> None:
    samples = random_samples((3, 5, 3), np.uint16)
    exif = Image.Exif()
    exif[0x0112] = 6
    data = png_file(samples, RGB, extra=[(b"eXIf", exif.tobytes()[6:])])
    np.testing.assert_array_equal(decode(data).pixels, np.rot90(samples, -1), strict=True)


@pytest.mark.parametrize("orientation", [0, 9, 60_000])
def test_an_orientation_that_means_nothing_is_ignored(orientation: int) -> None:
    image = Image.fromarray(random_samples((3, 5, 3)))
    image.getexif()[0x0112] = orientation
    np.testing.assert_array_equal(decode(file_of(image, "PNG", exif=image.getexif())).pixels, np.asarray(image))


def test_damaged_exif_data_costs_the_orientation_not_the_picture() -> None:
    samples = random_samples((3, 5, 3))
    picture = decode(png_file(samples, RGB, extra=[(b"eXIf", b"no such thing")]))
    np.testing.assert_array_equal(picture.pixels, samples)
    assert picture.notes == ("Its EXIF data is damaged, so its orientation was not applied.",)
