"""How values of more than 8 bits become levels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pleinair.pictures.levels import Scale, to_bytes
from pleinair.pictures.picture import NoteKind, Picture
from pleinair.pictures.reading import read_picture

from tests.pictures.tiff_files import GREY, GREY_INVERTED, RGB, tiff_file
from tests.server.picture_files import GREY as PNG_GREY
from tests.server.picture_files import file_of, png_file


def tiff(*values: float, dtype: str, photometric: int = GREY, scale: Scale | None = None) -> Picture:
    samples = np.array(values).astype(dtype)[np.newaxis, :, np.newaxis]
    return read_picture(tiff_file(samples, photometric), scale=scale or Scale())


def shares(picture: Picture) -> list[float]:
    """Levels from 0 to 1, to three digits."""
    return [round(level / 65535, 3) for level in picture.pixels.ravel().tolist()]


def notes(picture: Picture) -> dict[NoteKind, str]:
    return {note.kind: note.sentence for note in picture.notes}


def test_all_levels_of_16_bits_are_kept_and_rounded_to_8_where_8_are_wanted() -> None:
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1).repeat(3, axis=2)
    pixels = read_picture(tiff_file(values, RGB)).pixels
    np.testing.assert_array_equal(pixels, values, strict=True)
    np.testing.assert_array_equal(to_bytes(pixels), np.rint(values / 65535 * 255).astype(np.uint8), strict=True)


@pytest.mark.parametrize("dtype", ["i2", "i4", "u4"])
def test_wider_whole_numbers_hold_values_of_16_bits(dtype: str) -> None:
    assert shares(tiff(0, 13107, 32767, dtype=dtype)) == [0, 0.2, 0.5]


@pytest.mark.parametrize(("dtype", "white"), [("u4", 2**32 - 1), ("i4", 2**31 - 1)])
def test_32_bits_that_are_used_are_the_range_for_colours_and_transparency(dtype: str, white: int) -> None:
    assert shares(tiff(0, white // 4, white, dtype=dtype)) == [0, 0.25, 1]
    with_alpha = np.array([[[white // 2, white, white // 5, white // 4]]]).astype(dtype)
    picture = read_picture(tiff_file(with_alpha, RGB, t338=[2]))
    assert shares(picture) == [0.5, 1, 0.2]
    assert picture.alpha is not None and round(picture.alpha.item() / 65535, 3) == 0.25
    multiplied = read_picture(tiff_file(np.array([[[white // 4, 0, 0, white // 2]]]).astype(dtype), RGB, t338=[1]))
    assert shares(multiplied) == [0.5, 0, 0]


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_floating_point_goes_from_0_to_1(dtype: str) -> None:
    picture = tiff(0, 0.25, 1, dtype=dtype)
    assert shares(picture) == [0, 0.25, 1]
    assert notes(picture) == {}


def test_floating_point_up_to_255_is_read_so_and_noted() -> None:
    picture = tiff(0, 51, 255, dtype="f4")
    assert shares(picture) == [0, 0.2, 1]
    assert notes(picture) == {NoteKind.ASSUMED: "Its values go up to 255, so 255 was taken for white."}


def test_a_few_highlights_above_1_are_cut_off_and_the_rest_stays() -> None:
    picture = tiff(0.25, 0.5, 0.25, 0.5, 1.5, dtype="f4")
    assert shares(picture) == [0.25, 0.5, 0.25, 0.5, 1]
    assert notes(picture) == {NoteKind.CUT: "Its values go from 0.25 to 1.5; what is below 0 or above 1 was cut off."}


@pytest.mark.parametrize(("values", "dtype"), [((-1, 0, 1), "f4"), ((-1024, 0, 60000), "i4"), ((-5, 2**31 - 1), "i4")])
def test_values_that_are_cut_off_are_noted(values: tuple[float, ...], dtype: str) -> None:
    assert "was cut off" in notes(tiff(*values, dtype=dtype))[NoteKind.CUT]


def test_what_is_no_number_is_black_and_noted() -> None:
    picture = tiff(0.5, np.nan, np.inf, dtype="f4")
    assert shares(picture)[:2] == [0.5, 0]
    assert notes(picture)[NoteKind.CUT].startswith("Some of its values are no numbers.")
    assert shares(tiff(np.nan, np.nan, dtype="f4")) == [0, 0]


def png16(*values: int) -> Picture:
    return read_picture(png_file(np.array(values, np.uint16).reshape(1, -1, 1), PNG_GREY))


@pytest.mark.parametrize(
    "picture",
    [png16(0, 4095), tiff(200, 4095, dtype="u2"), tiff(-1024, 4095, dtype="i4"), tiff(0, 4095, dtype="u4")],
    ids=["png", "tiff", "int32", "uint32"],
)
def test_bits_that_are_not_used_are_noted_with_the_greatest_value(picture: Picture) -> None:
    assert picture.greatest == 4095
    assert notes(picture)[NoteKind.FEW_BITS] == "Its greatest value is 4095 of 65535, so it uses little of its range."


def test_ordinary_and_black_pictures_have_no_such_note() -> None:
    assert notes(png16(0, 40000)) == notes(png16(0, 0)) == notes(tiff(0, 0.1, dtype="f4")) == {}
    assert read_picture(file_of(Image.new("L", (2, 2), 3), "PNG")).greatest is None


def test_a_scale_says_which_values_are_black_and_white() -> None:
    assert shares(tiff(200, 1700, 3200, dtype="u2", scale=Scale(200, 3200))) == [0, 0.5, 1]
    assert shares(tiff(-1024, 476, 1976, dtype="i4", scale=Scale(-1024, 1976))) == [0, 0.5, 1]
    assert shares(tiff(-1, 0, 1, dtype="f4", scale=Scale(-1, 1))) == [0, 0.5, 1]
    assert shares(tiff(0, 4095, dtype="u2", scale=Scale(white=4095))) == [0, 1]
    assert shares(tiff(0, 4095, dtype="u2", scale=Scale(white=4095), photometric=GREY_INVERTED)) == [1, 0]


def test_a_scale_leaves_no_notes_about_a_range_that_it_fits() -> None:
    assert notes(tiff(200, 3200, dtype="u2", scale=Scale(200, 3200))) == {}
    assert NoteKind.CUT in notes(tiff(200, 3201, dtype="u2", scale=Scale(200, 3200)))


def test_a_scale_does_not_touch_pictures_of_8_bits_nor_transparency() -> None:
    eight = np.array([[[10, 20, 30]]], np.uint8)
    scale = Scale(0, 40)
    assert read_picture(tiff_file(eight, RGB), scale=scale).pixels.ravel().tolist() == [10, 20, 30]
    deep: NDArray[Any] = np.array([[[20, 0, 40, 65535], [0, 0, 0, 0]]], np.uint16)
    picture = read_picture(tiff_file(deep, RGB, t338=[2]), scale=scale)
    assert picture.alpha is not None and picture.alpha.ravel().tolist() == [65535, 0]


@pytest.mark.parametrize(("black", "white"), [(5, 5), (9, 1)])
def test_black_that_is_not_below_white_is_refused(black: float, white: float) -> None:
    with pytest.raises(ValueError, match="black must be below white"):
        Scale(black, white)
