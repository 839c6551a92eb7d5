"""TranslateImage: one encoded picture in, one PNG out."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pleinair.pictures.picture import Carried, PngChunk
from pleinair.v1 import translation_pb2 as pb

from server.pictures.files import Picture, decode_picture, encode_png
from tests.contract.connection import SECONDS, Connect, Connection, failing

RANDOM = np.random.default_rng(0)
TRUNCATED = encode_png(Picture(RANDOM.integers(0, 256, (9, 9, 3), np.uint8)))[:100]


def translate(connection: Connection, filter_id: str, image: bytes) -> pb.TranslateImageResponse:
    return connection.translation.TranslateImage(
        pb.TranslateImageRequest(filter_id=filter_id, image=image), timeout=SECONDS
    )


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [3, 4])
def test_depth_and_alpha_are_kept(connection: Connection, dtype: Any, channels: int) -> None:
    pixels = RANDOM.integers(1, np.iinfo(dtype).max + 1, (9, 17, channels), dtype)  # nothing is transparent
    reply = translate(connection, "inverting", encode_png(Picture(pixels)))
    result = decode_picture(reply.image, max_pixels=1000).pixels
    assert result.dtype == dtype
    np.testing.assert_array_equal(result[..., :3], np.iinfo(dtype).max - pixels[..., :3])
    np.testing.assert_array_equal(result[..., 3:], pixels[..., 3:])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_usual_picture_files_are_taken(connection: Connection, kind: str) -> None:
    file = encoded(Image.new("RGB", (20, 10), "teal"), kind)
    reply = translate(connection, "identity", file)
    np.testing.assert_array_equal(
        decode_picture(reply.image, max_pixels=1000).pixels, decode_picture(file, max_pixels=1000).pixels
    )


def test_the_summary_and_what_was_converted_come_with_the_picture(connection: Connection) -> None:
    reply = translate(connection, "identity", encoded(Image.new("CMYK", (20, 10)), "JPEG"))
    assert reply.summary.filter_id == "identity"
    assert len(reply.summary.filter_sha256) == 64
    assert "CMYK" in " ".join(reply.notes)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_says_how_a_picture_is_meant_comes_back_with_it(connection: Connection, dtype: Any) -> None:
    colour = (PngChunk(b"gAMA", (100_000).to_bytes(4)), PngChunk(b"cICP", bytes((12, 13, 0, 1))))
    given = Carried(xmp=b"<x:xmpmeta/>", resolution=(300.0, 300.0), png_colour=colour)
    reply = translate(connection, "inverting", encode_png(Picture(RANDOM.integers(0, 256, (9, 9, 3), dtype), given)))
    carried = decode_picture(reply.image, max_pixels=1000).carried
    assert (carried.png_colour, carried.xmp) == (colour, given.xmp)
    assert carried.resolution == pytest.approx(given.resolution, abs=0.02)


def test_damaged_exif_data_is_left_out_with_a_note(connection: Connection) -> None:
    image = encoded(Image.new("RGB", (20, 10)), "JPEG", exif=b"Exif\0\0nonsense")
    assert "Its EXIF data is damaged and was left out." in translate(connection, "identity", image).notes


@pytest.mark.parametrize("image", [b"", b"GIF89a nonsense", TRUNCATED])
def test_what_is_no_picture_is_refused(connection: Connection, image: bytes) -> None:
    with failing() as failures:
        translate(connection, "identity", image)
    assert (failures[0].code, failures[0].reason) == ("INVALID_ARGUMENT", "PICTURE_UNREADABLE")
    assert failures[0].fields == ["image"]


def test_a_picture_over_the_limit_is_refused(connect: Connect, folder: Path) -> None:
    with connect(folder, max_pixels=100) as connection:
        with failing() as failures:
            translate(connection, "identity", encoded(Image.new("RGB", (20, 10)), "PNG"))
        assert (failures[0].code, failures[0].reason) == ("INVALID_ARGUMENT", "PICTURE_TOO_LARGE")


def test_an_unknown_filter_is_answered_with_those_that_exist(connection: Connection) -> None:
    with failing() as failures:
        translate(connection, "monet", b"")
    assert (failures[0].code, failures[0].reason) == ("NOT_FOUND", "FILTER_NOT_FOUND")
    assert "identity" in failures[0].sentence


def test_the_servers_deadline_holds_here_too(connect: Connect, folder: Path) -> None:
    with connect(folder, deadline=1.0) as connection:
        with failing() as failures:
            translate(connection, "slow", encoded(Image.new("RGB", (1024, 1024)), "PNG"))
        assert failures[0].reason == "DEADLINE_EXCEEDED"
        assert connection.is_well()
