"""Training and the server see the same picture in a file, and say the same of one that they cannot read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pleinair.pictures.levels import to_bytes

from server.pictures.files import PictureError, decode_picture
from tests.server.picture_files import (
    GREY_ALPHA,
    RGB,
    RGBA,
    SRGB_PROFILE,
    cmyk_profile,
    file_of,
    png_file,
    png_header_only,
    random_samples,
)
from training.data.pictures import UnreadablePicture, read_picture

PHOTO = Image.fromarray(random_samples((12, 9, 3)))
LIMIT = 1_000_000


def on_its_side() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return file_of(PHOTO, "JPEG", exif=exif)


PICTURES = {
    "CMYK with a profile": file_of(PHOTO.convert("CMYK"), "JPEG", icc_profile=cmyk_profile()),
    "CMYK without one": file_of(PHOTO.convert("CMYK"), "JPEG"),
    "16-bit RGB": png_file(random_samples((5, 6, 3), np.uint16), RGB),
    "16-bit RGB and alpha": png_file(random_samples((5, 6, 4), np.uint16), RGBA),
    "16-bit grey and alpha": png_file(random_samples((5, 6, 2), np.uint16), GREY_ALPHA),
    "with a profile": file_of(PHOTO, "WEBP", icc_profile=SRGB_PROFILE, lossless=True),
    "gamma 1": png_file(random_samples((5, 6, 3)), RGB, extra=[(b"gAMA", (100000).to_bytes(4))]),
    "on its side": on_its_side(),
    "a transparent colour": file_of(PHOTO.quantize(9), "PNG", transparency=3),
}


@pytest.mark.parametrize("data", PICTURES.values(), ids=PICTURES)
def test_training_sees_what_the_server_sees(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(data)
    served = to_bytes(decode_picture(data, max_pixels=LIMIT).pixels)
    trained_on = np.asarray(read_picture(tmp_path / "file", channels=served.shape[2]))
    np.testing.assert_array_equal(trained_on, served, strict=True)


DAMAGED = {
    "half a PNG": file_of(PHOTO, "PNG")[:200],
    "half a JPEG": file_of(PHOTO, "JPEG")[:300],
    "half a WebP": file_of(PHOTO, "WEBP")[:100],
    "empty in size": png_header_only(0, 0),
    "12-bit JPEG": b"\xff\xd8\xff\xc1\0\x0b\x0c\0\x08\0\x08\x01\x01\x11\0",
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_training_says_what_the_server_says(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "file.png").write_bytes(data)
    with pytest.raises(UnreadablePicture) as in_training:
        read_picture(tmp_path / "file.png")
    with pytest.raises(PictureError) as in_server:
        decode_picture(data, max_pixels=LIMIT)
    assert str(in_training.value) == in_server.value.sentence
