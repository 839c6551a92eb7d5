"""What the samples of a TIFF are: colours of several kinds, transparency, or neither."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms
from pleinair.pictures.picture import NoteKind, Picture
from pleinair.pictures.reading import read_picture

from tests.pictures.tiff_files import (
    CMYK,
    DEFLATE,
    GREY,
    GREY_INVERTED,
    LAB,
    PREMULTIPLIED,
    REDUCED,
    RGB,
    STRAIGHT,
    UNSPECIFIED,
    Layout,
    page,
    tiff_file,
    tiff_of,
)
from tests.server.picture_files import cmyk_profile, random_samples


def kinds(picture: Picture) -> list[NoteKind]:
    return [note.kind for note in picture.notes]


def grey(*values: float, dtype: str = "u2") -> NDArray[Any]:
    return np.array(values).astype(dtype)[np.newaxis, :, np.newaxis]


# Greys


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("dtype", "white"), [("u1", 255), ("u2", 65535)])
def test_grey_in_which_0_is_white_is_turned_round_in_every_depth(dtype: str, white: int, order: str) -> None:
    stored = grey(0, white // 3, white, dtype=dtype)
    pixels = read_picture(tiff_file(stored, GREY_INVERTED, Layout(order))).pixels
    np.testing.assert_array_equal(pixels, white - stored, strict=True)


def test_floating_point_in_which_0_is_white_is_turned_round() -> None:
    pixels = read_picture(tiff_file(grey(0, 0.25, 1, dtype="f4"), GREY_INVERTED)).pixels
    assert pixels.ravel().tolist() == [65535, 49151, 0]


def test_grey_of_12_bits_in_which_0_is_white_is_turned_round() -> None:
    described, _ = page(np.zeros((1, 2, 1), np.uint8), GREY_INVERTED, tags={258: [12]})
    pixels = read_picture(tiff_of([(described, [b"\x00\x0f\xff"])])).pixels
    assert pixels.ravel().tolist() == [65535, 0]


# Transparency and further samples


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(("photometric", "colours"), [(GREY, 1), (RGB, 3)])
def test_straight_alpha_is_kept(photometric: int, colours: int, dtype: Any) -> None:
    samples = random_samples((4, 5, colours + 1), dtype)
    picture = read_picture(tiff_file(samples, photometric, t338=[STRAIGHT]))
    np.testing.assert_array_equal(picture.pixels, samples[..., :-1], strict=True)
    np.testing.assert_array_equal(picture.alpha, samples[..., -1])
    assert picture.notes == ()


@pytest.mark.parametrize(("dtype", "white"), [("u1", 255), ("u2", 65535), ("f4", 1)])
def test_colours_that_were_multiplied_by_alpha_are_divided_by_it(dtype: str, white: int) -> None:
    half = np.array([[[white / 5, white / 3, 0, white * 2 / 3], [0, 0, 0, 0]]]).astype(dtype)
    picture = read_picture(tiff_file(half, RGB, t338=[PREMULTIPLIED]))
    full = np.iinfo(picture.pixels.dtype).max
    np.testing.assert_allclose(picture.pixels[0, 0] / full, (0.3, 0.5, 0), atol=0.01)
    assert picture.alpha is not None and picture.alpha[0, 1] == 0


def test_alpha_behind_other_samples_is_found() -> None:
    samples = random_samples((4, 5, 5))
    picture = read_picture(tiff_file(samples, RGB, t338=[UNSPECIFIED, STRAIGHT]))
    np.testing.assert_array_equal(picture.alpha, samples[..., 4])
    assert [(note.kind, note.number) for note in picture.notes] == [(NoteKind.BANDS, 1)]


@pytest.mark.parametrize(("photometric", "colours"), [(GREY, 1), (RGB, 3)])
@pytest.mark.parametrize("more", [1, 3])
@pytest.mark.parametrize("named", [False, True])
def test_samples_that_are_no_colours_are_left_out_and_noted(
    photometric: int, colours: int, more: int, named: bool
) -> None:
    samples = random_samples((4, 5, colours + more))
    picture = read_picture(tiff_file(samples, photometric, t338=[UNSPECIFIED] * more if named else None))
    np.testing.assert_array_equal(picture.pixels, samples[..., :colours])
    assert picture.alpha is None
    assert [(note.kind, note.number) for note in picture.notes] == [(NoteKind.BANDS, more)]


# CMYK and L*a*b*


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_cmyk_goes_through_its_profile_in_every_depth_and_keeps_its_alpha(dtype: Any) -> None:
    full = np.iinfo(dtype).max
    samples = np.full((8, 8, 5), (0, full, full, 0, full // 3), dtype)
    picture = read_picture(tiff_file(samples, CMYK, t338=[STRAIGHT], t34675=cmyk_profile()))
    np.testing.assert_allclose(picture.pixels[4, 4].astype(int), (0, 0, 255), atol=16)
    assert picture.alpha is not None and picture.alpha[4, 4] == 85
    assert picture.carried.icc_profile is None
    assert picture.notes[-1].sentence == "It was converted from CMYK to sRGB with its own colour profile."


def test_a_tiff_and_a_jpeg_of_the_same_cmyk_look_the_same() -> None:
    image, file = Image.new("CMYK", (8, 8), (10, 200, 30, 40)), io.BytesIO()
    image.save(file, "JPEG", quality=100, icc_profile=cmyk_profile())
    in_tiff = read_picture(tiff_file(np.asarray(image), CMYK, t34675=cmyk_profile()))
    np.testing.assert_allclose(read_picture(file.getvalue()).pixels.astype(int), in_tiff.pixels, atol=3)


@pytest.mark.parametrize(("dtype", "step"), [("u1", 1), ("u2", 256)])
def test_lab_becomes_srgb_in_8_and_16_bits(dtype: str, step: int) -> None:
    lab = ImageCms.createProfile("LAB")
    image = Image.new("RGB", (4, 4), (200, 100, 50))
    stored = np.array(ImageCms.profileToProfile(image, ImageCms.createProfile("sRGB"), lab, outputMode="LAB"))
    lightness = stored[..., :1].astype(dtype) * (257 if step > 1 else 1)
    signed = stored[..., 1:].view(np.int8).astype(f"i{dtype[1]}") * step
    samples = np.concatenate((lightness, signed.view(dtype)), axis=2)
    pixels = read_picture(tiff_file(samples, LAB)).pixels
    np.testing.assert_allclose(pixels[2, 2].astype(int), (200, 100, 50), atol=4)


# Pages


def test_of_several_layers_the_first_is_used_and_their_number_noted() -> None:
    first, second = random_samples((4, 5, 3)), random_samples((4, 5, 3)) // 2
    picture = read_picture(tiff_of([page(first, RGB), page(second, RGB)]))
    np.testing.assert_array_equal(picture.pixels, first)
    assert [(note.kind, note.number) for note in picture.notes] == [(NoteKind.PAGES, 2)]
    assert picture.notes[0].sentence.startswith("It has 2 layers or pages; only the first is used")


@pytest.mark.parametrize("tags", [REDUCED, {255: [2]}, {254: [4]}], ids=["reduced", "old reduced", "mask"])
@pytest.mark.parametrize("is_first", [False, True])
def test_a_reduced_image_or_a_mask_is_no_page_wherever_it_stands(tags: dict[int, Any], is_first: bool) -> None:
    samples = random_samples((4, 5, 3))
    both = [page(samples, RGB), page(samples[:2, :2], RGB, tags=tags)]
    picture = read_picture(tiff_of(both[::-1] if is_first else both))
    np.testing.assert_array_equal(picture.pixels, samples)
    assert kinds(picture) == []


def test_pages_that_name_each_other_end() -> None:
    data = bytearray(tiff_of([page(random_samples((4, 5, 3)), RGB)]))
    data[-4:] = data[4:8]  # the next page is the first one again
    assert kinds(read_picture(bytes(data))) == []


# Turning upright


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("compression", [1, DEFLATE])
def test_a_tiff_is_turned_upright(orientation: int, compression: int) -> None:
    samples = random_samples((3, 5, 3))
    picture = read_picture(tiff_file(samples, RGB, Layout(compression=compression), t274=[orientation]))
    np.testing.assert_array_equal(picture.pixels, turned(samples, orientation))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_pillow_reads_is_turned_upright_once(orientation: int) -> None:
    image, file = Image.fromarray(random_samples((3, 5, 3))).quantize(16), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(file, "TIFF", exif=exif)
    pixels = read_picture(file.getvalue()).pixels
    np.testing.assert_array_equal(pixels, turned(np.asarray(image.convert("RGB")), orientation))


def turned(samples: NDArray[Any], orientation: int) -> NDArray[Any]:
    """By the TIFF specification: where the stored first row and first column lie."""
    if orientation >= 5:
        samples = samples.swapaxes(0, 1)
    downwards = -1 if orientation in (3, 4, 7, 8) else 1
    rightwards = -1 if orientation in (2, 3, 6, 7) else 1
    return samples[::downwards, ::rightwards]
