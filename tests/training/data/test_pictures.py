from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.training.factories import gradient
from training.data.pictures import UnreadablePicture, read_picture, read_resized
from training.data.reading import Reading


def saved(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)  # type: ignore[arg-type]
    return path


def png_claiming(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(100))))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


@pytest.mark.parametrize("mode", ["L", "P", "1", "CMYK", "RGB"])
def test_every_kind_of_picture_is_read_as_rgb(tmp_path: Path, mode: str) -> None:
    suffix = "jpg" if mode == "CMYK" else "png"
    picture = read_picture(saved(tmp_path / f"a.{suffix}", gradient().convert(mode)))
    assert (picture.mode, picture.size) == ("RGB", (40, 40))


def test_sixteen_bits_are_rounded_to_eight(tmp_path: Path) -> None:
    levels = np.array([[0, 257 * 10, 257 * 10 + 200, 65535]], dtype=np.uint16)
    picture = read_picture(saved(tmp_path / "a.png", Image.fromarray(levels)))
    assert np.asarray(picture)[0, :, 0].tolist() == [0, 10, 11, 255]


def test_transparency_lies_on_white(tmp_path: Path) -> None:
    transparent = Image.new("RGBA", (2, 2), (255, 0, 0, 0))
    picture = read_picture(saved(tmp_path / "a.png", transparent))
    assert picture.getpixel((0, 0)) == (255, 255, 255)


def test_an_animation_gives_its_first_frame(tmp_path: Path) -> None:
    red, blue = Image.new("RGB", (8, 8), "red"), Image.new("RGB", (8, 8), "blue")
    picture = read_picture(saved(tmp_path / "a.gif", red, save_all=True, append_images=[blue]))
    assert picture.getpixel((0, 0)) == (255, 0, 0)


def test_a_rotated_photo_is_read_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = read_picture(saved(tmp_path / "a.jpg", gradient(40, 20), exif=exif))
    assert picture.size == (20, 40)


def test_a_truncated_picture_is_damaged(tmp_path: Path) -> None:
    whole = saved(tmp_path / "a.png", gradient())
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(UnreadablePicture, match="damaged"):
        read_picture(whole)


def test_text_is_not_a_picture(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("hello")
    with pytest.raises(UnreadablePicture, match="This is not a PNG"):
        read_picture(tmp_path / "a.png")


@pytest.mark.parametrize(("size", "reason"), [((200_000, 200_000), "at most"), ((0, 0), "nothing in it")])
def test_an_impossible_header_is_refused_without_decoding(tmp_path: Path, size: tuple[int, int], reason: str) -> None:
    (tmp_path / "a.png").write_bytes(png_claiming(*size))
    with pytest.raises(UnreadablePicture, match=reason):
        read_picture(tmp_path / "a.png")


@pytest.mark.parametrize(("channels", "pixel"), [(1, 76), (2, (76, 128)), (3, (255, 0, 0)), (4, (255, 0, 0, 128))])
def test_channels_are_grey_or_colour_with_or_without_alpha(
    tmp_path: Path, channels: int, pixel: int | tuple[int, ...]
) -> None:
    path = saved(tmp_path / "a.png", Image.new("RGBA", (2, 2), (255, 0, 0, 128)))
    assert read_picture(path, channels, background=(255, 0, 0)).getpixel((0, 0)) == pixel


def test_transparency_lies_on_the_asked_background(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", Image.new("LA", (2, 2), (0, 0)))
    assert read_picture(path, 3, (10, 20, 30)).getpixel((0, 0)) == (10, 20, 30)
    assert read_picture(path, 1, (10, 10, 10)).getpixel((0, 0)) == 10


def test_floating_point_from_zero_to_one_spans_all_levels(tmp_path: Path) -> None:
    levels = np.array([[0, 0.5, 1, np.nan]], dtype=np.float32)
    picture = read_picture(saved(tmp_path / "a.tif", Image.fromarray(levels)))
    assert np.asarray(picture)[0, :, 0].tolist() == [0, 128, 255, 0]


def test_a_rotated_photo_is_resized_upright_and_its_own_size_is_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = saved(tmp_path / "a.jpg", gradient(80, 40), exif=exif)
    read = read_resized(path, Reading("fit", load_size=36, crop_size=32))
    assert (read.pixels.shape, read.own_size) == ((72, 36, 3), (40, 80))
