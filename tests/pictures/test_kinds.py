"""Which kinds of files are read, and the true reason for the rest."""

from __future__ import annotations

import io
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pleinair.common import suffixes
from pleinair.pictures import kinds
from pleinair.pictures.picture import NoteKind, Picture, PictureError
from pleinair.pictures.reading import read_picture

from tests.pictures.tiff_files import GREY, RGB, page, tiff_file, tiff_of
from tests.server.picture_files import file_of, random_samples

SMOOTH = Image.linear_gradient("L").resize((32, 24)).convert("RGB")
READ = {"PNG": "PNG", "JPEG": "JPEG", "WEBP": "WebP", "TIFF": "TIFF", "GIF": "GIF", "BMP": "BMP", "PPM": "PPM"}
READ |= {"AVIF": "AVIF"}


def refusal(data: bytes) -> str:
    with pytest.raises(PictureError) as caught:
        read_picture(data)
    assert not caught.value.too_large
    return caught.value.sentence


def notes(picture: Picture) -> list[tuple[NoteKind, float]]:
    return [(note.kind, note.number) for note in picture.notes]


@pytest.mark.parametrize("kind", READ)
def test_a_kind_is_read_by_its_contents_from_a_path_a_stream_or_bytes(kind: str, tmp_path: Path) -> None:
    data = file_of(SMOOTH, kind)
    picture = read_picture(data)
    assert (picture.kind, picture.pixels.shape, picture.alpha) == (READ[kind], (24, 32, 3), None)
    np.testing.assert_allclose(picture.pixels.astype(int), np.asarray(SMOOTH), atol=8)
    (tmp_path / "no suffix").write_bytes(data)
    for source in (io.BytesIO(data), tmp_path / "no suffix"):
        np.testing.assert_array_equal(read_picture(source).pixels, picture.pixels)


MODES = {"PNG": "1 L LA P RGB RGBA", "WEBP": "L RGB RGBA", "TIFF": "1 L LA P RGB RGBA CMYK YCbCr", "GIF": "1 L P"}
MODES |= {"BMP": "1 L P RGB", "JPEG": "L RGB CMYK", "PPM": "1 L RGB", "AVIF": "L RGB RGBA"}


@pytest.mark.parametrize(("kind", "mode"), [(kind, mode) for kind, modes in MODES.items() for mode in modes.split()])
def test_every_mode_is_read_as_the_colours_that_it_shows(kind: str, mode: str) -> None:
    image = SMOOTH.convert(mode)
    if mode in ("LA", "RGBA"):
        image.putalpha(100)
    data = file_of(image, kind)
    picture = read_picture(data)
    if mode == "YCbCr":  # which not every Pillow reads
        np.testing.assert_array_equal(picture.pixels, np.asarray(image.convert("RGB")))
    else:
        with Image.open(io.BytesIO(data)) as reference:
            np.testing.assert_array_equal(picture.in_colour()[..., :3], np.asarray(reference.convert("RGB")))
    assert (picture.alpha is not None) == (mode in ("LA", "RGBA"))


def test_a_tiff_of_jpegs_is_read() -> None:
    picture = read_picture(file_of(SMOOTH, "TIFF", compression="jpeg"))
    np.testing.assert_allclose(picture.pixels.astype(int), np.asarray(SMOOTH), atol=8)


def test_grey_pictures_of_16_bits_and_of_floating_point_of_netpbm_are_read() -> None:
    sixteen = b"P5\n2 1\n65535\n" + struct.pack(">HH", 1000, 65535)
    assert read_picture(sixteen).pixels.ravel().tolist() == [1000, 65535]
    floating = b"Pf\n2 1\n-1.0\n" + struct.pack("<ff", 0.25, 1)
    assert read_picture(floating).pixels.ravel().tolist() == [16384, 65535]


@pytest.mark.parametrize(("scale", "order"), [(b"-1.0", "<"), (b"1.0", ">")])
def test_pictures_in_floating_point_of_netpbm_are_read_from_the_lowest_row_up(scale: bytes, order: str) -> None:
    samples = np.array([[[0, 0.25, 1]], [[0.5, 0, 1]]])
    data = b"PF\n1 2\n" + scale + b"\n" + samples[::-1].astype(f"{order}f4").tobytes()
    np.testing.assert_array_equal(read_picture(data).pixels, np.floor(samples * 65535 + 0.5))
    assert "damaged" in refusal(data[:-1])


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP", "AVIF"])
def test_of_an_animation_the_first_frame_is_read_and_the_rest_noted(kind: str) -> None:
    data = file_of(SMOOTH, kind, save_all=True, append_images=[SMOOTH.rotate(180), SMOOTH.rotate(90)])
    assert notes(read_picture(data)) == [(NoteKind.FRAMES, 3)]


def test_of_pictures_of_one_size_in_a_jpeg_the_first_is_read_and_a_small_one_is_none() -> None:
    both = file_of(SMOOTH, "MPO", save_all=True, append_images=[SMOOTH.rotate(180)])
    assert notes(read_picture(both)) == [(NoteKind.FRAMES, 2)]
    with_preview = file_of(SMOOTH, "MPO", save_all=True, append_images=[SMOOTH.resize((8, 6))])
    assert notes(read_picture(with_preview)) == []


def test_a_transparent_colour_of_a_gif_becomes_alpha() -> None:
    picture = read_picture(file_of(Image.new("P", (2, 1), 3), "GIF", transparency=3))
    assert picture.alpha is not None and picture.alpha.ravel().tolist() == [0, 0]


# What is not read


@pytest.mark.parametrize("data", [b"hello", file_of(SMOOTH, "TGA"), file_of(SMOOTH, "JPEG2000")])
def test_what_is_of_no_such_kind_is_told_the_kinds(data: bytes) -> None:
    assert refusal(data).startswith("This is not a PNG, JPEG, WebP, TIFF, GIF, BMP, PPM, AVIF, HEIC or JPEG XL picture")


def test_an_empty_file_is_called_empty() -> None:
    assert refusal(b"").startswith("The file is empty")


@pytest.mark.parametrize(
    ("samples", "photometric", "tags", "words"),
    [
        ((np.uint64, 1), GREY, {}, "a TIFF of 64-bit samples (grey, 1 sample a pixel)"),
        ((np.float32, 3), 8, {}, "a TIFF of 32-bit float samples (L*a*b*, 3 samples a pixel)"),
        ((np.uint8, 3), 9, {}, "a TIFF of 8-bit samples (ICC L*a*b*, 3 samples a pixel)"),
        ((np.uint8, 3), RGB, {259: [34887]}, "(RGB, 3 samples a pixel, LERC compression, 34887)"),
        ((np.uint8, 3), RGB, {259: [50002]}, "(RGB, 3 samples a pixel, JPEG XL compression, 50002)"),
        ((np.uint8, 1), 32803, {}, "(a camera's filter mosaic, 1 sample a pixel)"),
        ((np.uint8, 2), RGB, {}, "(RGB, 2 samples a pixel)"),
        ((np.uint8, 3), RGB, {258: [5, 6, 5]}, "a TIFF of 5/6-bit samples"),
        ((np.uint8, 33), GREY, {}, "(grey, 33 samples a pixel)"),
    ],
)
def test_a_tiff_of_a_sort_that_is_not_read_is_told_by_name_and_number(
    samples: tuple[type, int], photometric: int, tags: dict[int, list[int]], words: str
) -> None:
    dtype, count = samples
    described, chunks = page(np.ones((4, 4, count)).astype(dtype), photometric, tags=tags)
    sentence = refusal(tiff_of([(described, chunks)]))
    assert words in sentence
    assert sentence.endswith("a kind that is not read; export it as RGB or grey of 8 or 16 bits a sample.")


def test_jpegs_of_12_bits_and_jpeg_ls_are_told_by_name() -> None:
    frame = struct.pack(">HBHHB", 11, 12, 8, 8, 1) + bytes((1, 0x11, 0))
    assert "a JPEG of 12 bits a sample" in refusal(b"\xff\xd8\xff\xfe\0\4hi\xff\xc1" + frame)
    assert "a JPEG-LS file" in refusal(b"\xff\xd8\xff\xf7" + frame)


def box(*brands: bytes) -> bytes:
    content = brands[0] + bytes(4) + b"".join(brands[1:])
    return struct.pack(">I", 8 + len(content)) + b"ftyp" + content


@pytest.mark.parametrize(
    ("data", "module", "package"),
    [
        (box(b"heic", b"mif1"), "pillow_heif", "pillow-heif"),
        (box(b"mif1", b"mif1", b"heic"), "pillow_heif", "pillow-heif"),
        (b"\xff\x0a" + bytes(20), "pillow_jxl", "pillow-jxl-plugin"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "pillow_jxl", "pillow-jxl-plugin"),
    ],
)
def test_without_its_package_a_kind_is_refused_with_what_to_install(
    data: bytes, module: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, f"{module}.JpegXLImagePlugin", None)
    assert f"read only with the package {package}; run pip install 'pleinair[pictures]'" in refusal(data)
    assert not set(suffixes.readable()) & set(suffixes.WITH_PACKAGE[module])


def test_a_pillow_that_was_built_without_a_kind_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    data = file_of(SMOOTH, "AVIF")
    monkeypatch.setattr("PIL.AvifImagePlugin.SUPPORTED", False)
    assert refusal(data).startswith("This picture is AVIF, which this build of Pillow does not read; save the picture")


def test_heic_and_jpeg_xl_are_read_where_their_packages_are() -> None:
    heif, _ = pytest.importorskip("pillow_heif"), pytest.importorskip("pillow_jxl")
    heif.register_heif_opener()
    for kind, name in (("HEIF", "HEIC"), ("JXL", "JPEG XL")):
        picture = read_picture(file_of(SMOOTH, kind))
        assert picture.kind == name
        np.testing.assert_allclose(picture.pixels.astype(int), np.asarray(SMOOTH), atol=8)


def test_only_the_kinds_that_are_asked_for_are_read() -> None:
    with pytest.raises(PictureError, match=r"^This is not a PNG, JPEG or WebP picture; save it as one of these"):
        read_picture(tiff_file(random_samples((4, 4, 3)), RGB), among=kinds.SERVED)
