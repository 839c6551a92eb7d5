"""However a TIFF is stored, every sample is read exactly."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pleinair.pictures.picture import PictureError
from pleinair.pictures.reading import read_picture

from tests.pictures.tiff_files import DEFLATE, GREY, LZW, NONE, PACKBITS, RGB, Layout, page, tiff_file, tiff_of

COMPRESSIONS = {"none": NONE, "LZW": LZW, "deflate": DEFLATE, "PackBits": PACKBITS}
ORDERS = {"little-endian": "<", "big-endian": ">"}


def noise(dtype: str, *shape: int) -> NDArray[Any]:
    dice = np.random.default_rng(5)
    if dtype.startswith("f"):
        return (dice.integers(0, 256, shape) / 255).astype(dtype)
    return dice.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def levels(samples: NDArray[Any]) -> NDArray[Any]:
    """What samples of floating point from 0 to 1 are in 16 bits."""
    if samples.dtype.kind != "f":
        return samples
    return np.floor(samples.astype(np.float64) * 65535 + 0.5).astype(np.uint16)


def layouts() -> list[Layout]:
    every = itertools.product(ORDERS.values(), COMPRESSIONS.values(), (None, (16, 32)), (False, True))
    return [Layout(order, packed, tile=tile, planar=planar) for order, packed, tile, planar in every]


@pytest.mark.parametrize("dtype", ["u1", "u2", "f2", "f4", "f8"])
def test_every_layout_is_read_exactly(dtype: str) -> None:
    samples = noise(dtype, 37, 21, 3)
    for layout in layouts():
        pixels = read_picture(tiff_file(samples, RGB, layout)).pixels
        np.testing.assert_array_equal(pixels, levels(samples), strict=True, err_msg=str(layout))


def test_more_bytes_than_pillow_allows_pixels_are_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    samples = noise("u2", 9, 10, 3)
    np.testing.assert_array_equal(read_picture(tiff_file(samples, RGB, Layout(compression=LZW))).pixels, samples)


@pytest.mark.parametrize("compression", [LZW, DEFLATE])
@pytest.mark.parametrize(("dtype", "predictor"), [("u1", 2), ("u2", 2), ("u4", 2), ("f2", 3), ("f4", 3), ("f8", 3)])
def test_differences_are_added_up(dtype: str, predictor: int, compression: int) -> None:
    samples = noise(dtype, 9, 21, 3) >> 16 if dtype == "u4" else noise(dtype, 9, 21, 3)
    for order, planar in itertools.product(ORDERS.values(), (False, True)):
        pixels = read_picture(tiff_file(samples, RGB, Layout(order, compression, predictor, planar=planar))).pixels
        np.testing.assert_array_equal(pixels, levels(samples), err_msg=f"{order} {planar}")


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_big_tiff_is_read_in_both_byte_orders(order: str) -> None:
    samples = noise("u2", 9, 21, 1)
    np.testing.assert_array_equal(read_picture(tiff_file(samples, GREY, Layout(order, big=True))).pixels, samples)


@pytest.mark.parametrize("bits", [1, 2, 4, 10, 12, 14])
def test_samples_of_odd_widths_are_stretched_to_the_whole_range(bits: int) -> None:
    values = np.random.default_rng(2).integers(0, 2**bits, (5, 7))
    raw = b"".join(packed_row(row, bits) for row in values)
    described, _ = page(np.zeros((5, 7, 1), np.uint8), GREY, tags={258: [bits], 278: [5]})
    pixels = read_picture(tiff_of([(described, [raw])])).pixels
    full = 65535 if bits > 8 else 255
    np.testing.assert_array_equal(pixels[..., 0], np.floor(values / (2**bits - 1) * full + 0.5))


def packed_row(row: NDArray[Any], bits: int) -> bytes:
    text = "".join(f"{value:0{bits}b}" for value in row)
    return int(text.ljust(-(-len(text) // 8) * 8, "0"), 2).to_bytes(-(-len(text) // 8))


def test_a_reversed_order_of_bits_is_undone() -> None:
    samples = noise("u1", 9, 21, 3)
    reversed_bits = np.packbits(np.unpackbits(samples[..., np.newaxis], axis=3)[..., ::-1], axis=3)[..., 0]
    np.testing.assert_array_equal(read_picture(tiff_file(reversed_bits, RGB, t266=[2])).pixels, samples)


@pytest.mark.parametrize("compression", COMPRESSIONS.values(), ids=COMPRESSIONS)
@pytest.mark.parametrize("part", [0.3, 0.7])
def test_a_page_with_missing_bytes_is_called_incomplete(compression: int, part: float) -> None:
    described, chunks = page(noise("u2", 64, 64, 3), RGB, Layout(compression=compression, rows=64))
    chunks = [chunk[: int(len(chunk) * part)] for chunk in chunks]
    with pytest.raises(PictureError, match="This TIFF file is damaged or incomplete"):
        read_picture(tiff_of([(described, chunks)]))


def test_a_tile_far_larger_than_its_picture_is_taken_for_damage() -> None:
    described, chunks = page(noise("u1", 16, 16, 1), GREY, Layout(compression=DEFLATE, tile=(16, 16)))
    with pytest.raises(PictureError, match="damaged"):
        read_picture(tiff_of([(described | {322: [1 << 20], 323: [1 << 20]}, chunks)]))
