"""Whatever stands in a file, the reader reads it or says why not."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from PIL import Image
from pleinair.pictures import kinds
from pleinair.pictures.headers import check_header
from pleinair.pictures.picture import PictureError
from pleinair.pictures.reading import read_picture

from tests.pictures.tiff_files import (
    CMYK,
    DEFLATE,
    GREY,
    LAB,
    LZW,
    NONE,
    PACKBITS,
    RGB,
    Layout,
    page,
    tiff_file,
    tiff_of,
)
from tests.server.picture_files import (
    SRGB_PROFILE,
    file_of,
    mutations,
    png_header_only,
    random_samples,
    webp_header_only,
)

SMALL = Image.fromarray(random_samples((12, 12, 3)))


def seeds() -> dict[str, bytes]:
    samples = random_samples((12, 12, 4))
    animated = {"save_all": True, "append_images": [SMALL.rotate(90)]}
    return {
        "gif": file_of(SMALL, "GIF", **animated),
        "bmp": file_of(SMALL, "BMP"),
        "ppm": file_of(SMALL, "PPM"),
        "avif": file_of(SMALL, "AVIF"),
        "mpo": file_of(SMALL, "MPO", **animated),
        "tiff": tiff_file(samples, RGB, t338=[1], t34675=SRGB_PROFILE),
        "tiff LZW": tiff_file(samples[..., :3], RGB, Layout(">", LZW, 2)),
        "tiff deflate": tiff_file(samples[..., :1], GREY, Layout("<", DEFLATE, tile=(16, 16), big=True)),
        "tiff CMYK": tiff_file(samples, CMYK),
        "tiff Lab": tiff_file(samples[..., :3], LAB),
        "tiff pages": tiff_of([page(samples, RGB), page(samples[..., :1], GREY)]),
        "tiff JPEG": file_of(SMALL, "TIFF", compression="jpeg"),
        "tiff palette": file_of(SMALL.quantize(16), "TIFF"),
    }


@pytest.mark.filterwarnings("ignore")  # Pillow warns of odd tags and goes on
@pytest.mark.parametrize("data", seeds().values(), ids=seeds())
def test_mutated_files_are_read_or_refused_and_nothing_else(data: bytes) -> None:
    for mutated in mutations(data, 150):
        try:
            picture = read_picture(mutated, max_pixels=100_000)
        except PictureError as error:
            assert error.sentence.endswith(".")
        else:
            assert picture.pixels.ndim == 3


@pytest.mark.parametrize("kind", ["TIFF", "GIF", "BMP", "PPM", "AVIF"])
def test_a_picture_over_the_limit_is_refused_before_it_is_decoded(kind: str) -> None:
    data = file_of(SMALL, kind)
    with pytest.raises(PictureError, match="at most 143 pixels are accepted") as caught:
        read_picture(data, max_pixels=143)
    assert caught.value.too_large
    assert read_picture(data, max_pixels=144).pixels.shape == (12, 12, 3)


def test_a_gif_that_breaks_off_after_its_first_frame_is_read() -> None:
    frames = [Image.fromarray(random_samples((40, 40, 3))).rotate(angle) for angle in (0, 90)]
    one, two = (file_of(frames[0], "GIF", save_all=True, append_images=frames[1:more]) for more in (1, 2))
    first = read_picture(one).pixels
    for end in range(len(one), len(two), 7):
        np.testing.assert_array_equal(read_picture(two[:end]).pixels, first)


def test_pillows_own_limit_holds_only_where_its_reader_has_it() -> None:
    check_header(kinds.PNG, png_header_only(20_000, 10_000), max_pixels=2**30)
    with pytest.raises(PictureError, match="at most 178,956,970 pixels are accepted"):
        check_header(kinds.WEBP, webp_header_only(16_000, 16_000), max_pixels=2**30)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP", "PPM", "AVIF"])
def test_half_a_file_is_called_incomplete(kind: str) -> None:
    data = file_of(Image.fromarray(random_samples((64, 64, 3))), kind)
    with pytest.raises(PictureError, match="is damaged or incomplete and cannot be read; copy or export it again"):
        read_picture(data[: len(data) // 2])


def scanned(times: int) -> bytes:
    """A progressive JPEG whose last scan is there so many times, each of a few bytes."""
    data = file_of(Image.new("RGB", (64, 64), "red"), "JPEG", progressive=True, comment=b"\xff\xda" * 200)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * times + data[-2:]


def test_a_jpeg_of_very_many_scans_is_refused_before_each_takes_the_time_of_a_picture() -> None:
    assert read_picture(scanned(80)).pixels.shape == (64, 64, 3)
    with pytest.raises(PictureError, match="has more than 100 scans, and about ten are usual"):
        read_picture(scanned(1000))


def test_what_stands_behind_the_end_of_a_jpeg_is_not_counted() -> None:
    assert read_picture(scanned(1) + b"\xff\xda" * 1000).pixels.shape == (64, 64, 3)


@pytest.mark.parametrize("compression", [NONE, LZW, DEFLATE, PACKBITS])
def test_strips_that_claim_to_be_the_whole_file_take_no_more_memory_than_a_picture(compression: int) -> None:
    samples = random_samples((500, 500, 1))
    data = tiff_file(samples, GREY, Layout("<", compression, rows=1), t279=None)
    tracemalloc.start()
    try:
        np.testing.assert_array_equal(read_picture(data).pixels, samples)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()
