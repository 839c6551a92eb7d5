"""What the report says about pictures that were not read as they are."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.pictures.tiff_files import CMYK, GREY, RGB, page, tiff_file, tiff_of
from tests.training.factories import TINY_READING, gradient, picture_folder
from training.data.cache import PictureCache
from training.data.folders import read_folder
from training.data.reading import Reading, parse_scale
from training.data.report import folder_report


def report(folder: Path, channels: int = 3, **scale: float) -> list[str]:
    reading = Reading("resize", 36, 32, channels, scale=parse_scale(scale.get("black"), scale.get("white")))
    return [line.strip() for line in folder_report(read_folder(folder, reading), reading)][1:]


def samples(count: int, dtype: str = "u1", greatest: float = 255) -> np.ndarray:
    return (np.random.default_rng(4).random((40, 40, count)) * greatest).astype(dtype)


def test_files_of_several_layers_or_frames_are_named(tmp_path: Path) -> None:
    (tmp_path / "layers.tif").write_bytes(tiff_of([page(samples(3), RGB), page(samples(3) // 2, RGB)]))
    gradient().save(tmp_path / "moving.gif", save_all=True, append_images=[gradient(seed=2)])
    assert report(tmp_path) == [
        "1 picture with several layers or pages, of which only the first is used (layers.tif); editors write the lowest"
        " layer first, so flatten the picture before you export it",
        "1 picture with several frames, of which only the first is used (moving.gif)",
    ]


def test_pictures_that_were_laid_on_the_background_are_counted(tmp_path: Path) -> None:
    for index in range(5):
        image = gradient(seed=index)
        image.putalpha(100)
        image.save(tmp_path / f"{index}.png")
    opaque = gradient(seed=9)
    opaque.putalpha(255)
    opaque.save(tmp_path / "opaque.png")
    expected = ["5 pictures with transparent parts, laid on the background (0.png, 1.png, 2.png and 2 more)"]
    assert report(tmp_path) == report(tmp_path, channels=1) == expected
    assert report(tmp_path, channels=4) == []


@pytest.mark.parametrize("bands", [4, 6])
def test_pictures_with_bands_that_were_not_taken_are_counted(tmp_path: Path, bands: int) -> None:
    (tmp_path / "a.tif").write_bytes(tiff_file(samples(bands), RGB))
    assert report(tmp_path) == [
        "1 picture with bands that are neither colour nor transparency, and are left out (a.tif)"
    ]


def test_values_that_were_cut_off_are_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(tiff_file(samples(3, "f4", 2) - 1, RGB))
    assert report(tmp_path) == [
        "1 picture with values below black or above white, which were cut off (a.tif); --black and --white say which"
        " values these are"
    ]
    assert report(tmp_path, black=-1, white=1) == []


def test_pictures_that_were_converted_to_srgb_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(tiff_file(samples(4), CMYK))
    assert report(tmp_path) == ["1 picture converted to sRGB from other colours (a.tif)"]


def of_12_bits(dtype: str, index: int) -> np.ndarray:
    values = samples(1, dtype, 4000)
    values[0, index] = 4095
    return values


def deep_folder(folder: Path, kind: str) -> Path:
    folder.mkdir()
    for index in range(3):
        name = folder / f"{index}.{'png' if kind == 'png' else 'tif'}"
        if kind == "png":
            Image.fromarray(of_12_bits("u2", index)[..., 0]).save(name)
        else:
            name.write_bytes(tiff_file(of_12_bits(kind, index), GREY))
    return folder


@pytest.mark.parametrize("kind", ["png", "u2", "i4"])
def test_pictures_that_use_few_of_their_bits_are_warned_of_and_scaled_when_asked(tmp_path: Path, kind: str) -> None:
    folder = deep_folder(tmp_path / "scans", kind)
    (warning,) = report(folder)
    assert warning.startswith(f"warning: {folder} has 3 pictures of more than 8 bits (0.")
    assert "whose greatest value is 4095" in warning and "for example --white 4095" in warning
    assert report(folder, white=4095) == []
    dark, bright = (
        read_folder(folder, Reading("crop", 36, 32, scale=parse_scale(None, white))).pictures[0].max()
        for white in (None, 4095)
    )
    assert (dark, bright) == (16, 255)


def test_a_dark_picture_among_others_of_16_bits_is_not_warned_of(tmp_path: Path) -> None:
    folder = deep_folder(tmp_path / "scans", "u2")
    (folder / "bright.tif").write_bytes(tiff_file(samples(1, "u2", 60000), GREY))
    assert report(folder) == []


def test_hidden_pictures_and_other_kinds_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    picture_folder(tmp_path, 1)
    picture_folder(tmp_path / ".thumbnails", 2)
    (tmp_path / "IMG_1.HEIC").write_bytes(b"")
    assert report(tmp_path) == [
        "2 hidden pictures left out (in .thumbnails, @eaDir and the like)",
        "1 file of kinds that are not read: 1 .heic",
        "pip install 'pleinair[pictures]' adds what reads .heic",
    ]


def test_what_was_found_is_in_the_cache_too_and_another_scale_is_read_anew(tmp_path: Path) -> None:
    folder, cache = deep_folder(tmp_path / "scans", "u2"), PictureCache(tmp_path / "cache")
    first, second = read_folder(folder, TINY_READING, cache), read_folder(folder, TINY_READING, cache)
    assert first.files == second.files
    assert list(folder_report(second, TINY_READING)) == list(
        folder_report(read_folder(folder, TINY_READING), TINY_READING)
    )
    scaled = read_folder(folder, Reading("resize", 36, 32, scale=parse_scale(0, 4095)), cache)
    assert scaled.pictures[0].max() > 10 * second.pictures[0].max()
