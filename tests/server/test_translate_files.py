"""``python -m server.translate`` on folders, with results of every kind, and in pipes."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ExifTags, Image
from pleinair.pictures.reading import read_picture

from server.translate import main
from tests import factories
from tests.server.picture_files import RGB, SRGB_PROFILE, cmyk_profile, file_of, png_file, random_samples

PIXELS = random_samples((5, 7, 3))
PICTURE = png_file(PIXELS, RGB)
IDENTITY = ("--filter", "identity")
GAMMA = (b"gAMA", (100_000).to_bytes(4))
WIDE = (b"cHRM", bytes(range(32)))


@pytest.fixture(autouse=True)
def in_a_folder_with_filters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``filters`` is where the script looks by itself."""
    monkeypatch.chdir(tmp_path)
    for name in ("PLEINAIR_FILTERS", "PLEINAIR_PROVIDER", "PLEINAIR_MAX_PIXELS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "filters").mkdir()
    for maker in (factories.identity, factories.inverting):
        factories.put(tmp_path / "filters", maker())


def put(name: str, data: bytes = PICTURE) -> Path:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_bytes(data)
    return Path(name)


def pixels_of(source: Path | bytes) -> NDArray[Any]:
    return read_picture(source).in_colour()


def names_below(folder: str) -> list[str]:
    """Of everything there, so that half-written files would show."""
    return sorted(path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file())


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What is said on standard error, in one line, of a request that is impossible."""
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1, said
    return said


# Batches


def test_a_batch_goes_on_with_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    put("in/a.png")
    assert main(["in", "-o", "out", *IDENTITY]) == 0
    put("in/b.png")
    Path("out/a.png").write_bytes(b"touched by hand")
    capsys.readouterr()
    assert "add --missing" in complaint(capsys, "in", "-o", "out", *IDENTITY)
    assert main(["in", "-o", "out", "--missing", *IDENTITY]) == 0
    assert capsys.readouterr().out.endswith(". 1 had their results already.\n")
    assert Path("out/a.png").read_bytes() == b"touched by hand"
    np.testing.assert_array_equal(pixels_of(Path("out/b.png")), PIXELS)


def test_a_batch_that_is_complete_has_nothing_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    put("in.png")
    put("out/in.png")
    assert main(["in.png", "-o", "out", "--missing", *IDENTITY]) == 0
    assert capsys.readouterr().out.startswith("Translated 0 of 0 pictures")


def test_what_is_left_out_of_a_folder_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("in/a.png", "in/.thumbnails/a.png", "in/b.doc", "in/deeper/c.png"):
        put(name)
    assert main(["in", "-o", "out", *IDENTITY]) == 0
    assert capsys.readouterr().err == (
        "Left out of in: 1 file of kinds that are not read: 1 .doc; 1 hidden file; 1 subfolder; the pattern 'in/**'"
        " takes subfolders too.\n"
    )


def test_every_kind_of_file_in_a_folder_is_translated() -> None:
    kinds = {"tif": "TIFF", "bmp": "BMP", "gif": "GIF", "jpg": "JPEG", "webp": "WEBP", "avif": "AVIF", "ppm": "PPM"}
    for suffix, kind in kinds.items():
        put(f"in/{suffix}.{suffix}", file_of(Image.new("RGB", (8, 6), (200, 100, 50)), kind))
    assert main(["in", "-o", "out", *IDENTITY]) == 0
    assert names_below("out") == sorted(f"{suffix}.png" for suffix in kinds)
    for suffix in kinds:
        assert np.abs(pixels_of(Path(f"out/{suffix}.png")).astype(int) - (200, 100, 50)).max() <= 3, suffix


def test_subfolders_are_translated_into_subfolders() -> None:
    for name in ("nest/a.png", "nest/b/a.png", "nest/b/c/d.jpg"):
        put(name)
    assert main(["nest/**", "-o", "nest/done", "--suffix", "webp", "--quality", "100", *IDENTITY]) == 0
    assert names_below("nest/done") == ["a.webp", "b/a.webp", "b/c/d.webp"]
    put("nest/e.png")
    assert main(["nest/**", "-o", "nest/done", "--suffix", "webp", "--missing", *IDENTITY]) == 0
    assert names_below("nest/done") == ["a.webp", "b/a.webp", "b/c/d.webp", "e.webp"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--quality", "0"], "--quality is '0', but must be a whole number from 1 to 100."),
        (["--quality", "best"], "--quality is 'best', but must be"),
        (["--quality", "80"], "--quality is for JPEG, WebP, AVIF, and PNG loses nothing; leave it out."),
    ],
)
def test_a_quality_that_means_nothing_is_refused(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put("in.png")
    assert words in complaint(capsys, "in.png", "-o", "out/", *arguments, *IDENTITY)
    assert not Path("out").exists()


def test_a_picture_that_its_results_kind_cannot_hold_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    put("in.png", png_file(np.zeros((1, 16_384, 3), np.uint8), RGB))
    assert main(["in.png", "-o", "out.webp", *IDENTITY]) == 1
    assert "in.png: It is 16,384 x 1 pixels, and a WebP file has at most 16,383 a side" in capsys.readouterr().err
    assert not Path("out.webp").exists()


# What travels with a picture


def test_a_png_looks_as_its_source_by_what_it_says_of_its_colours() -> None:
    put("in.png", png_file(PIXELS, RGB, extra=[GAMMA, WIDE, (b"cICP", bytes((12, 13, 0, 1)))]))
    assert main(["in.png", "-o", "out.png", *IDENTITY]) == 0
    carried = read_picture(Path("out.png")).carried
    assert [chunk.kind for chunk in carried.png_colour] == [b"gAMA", b"cHRM", b"cICP"]
    assert tuple(carried.png_colour[0]) == GAMMA


def test_a_jpeg_of_a_png_says_what_it_could_not_take_along(capsys: pytest.CaptureFixture[str]) -> None:
    put("in.png", png_file(PIXELS, RGB, extra=[GAMMA]))
    assert main(["in.png", "-o", "out.jpg", *IDENTITY]) == 0
    assert "in.png: What it says of its colours (gAMA) was left out" in capsys.readouterr().err


@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("result", ["jpg", "png", "webp", "tif", "avif"])
def test_profile_and_exif_data_travel_between_all_kinds(source: str, result: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Camera"
    put("in", file_of(Image.new("RGB", (8, 6), (200, 100, 50)), source, exif=exif, icc_profile=SRGB_PROFILE))
    assert main(["in", "-o", f"out.{result}", *IDENTITY]) == 0
    with Image.open(f"out.{result}") as image:
        assert image.info["icc_profile"] == SRGB_PROFILE
        assert image.getexif()[ExifTags.Base.Make] == "Camera"


@pytest.mark.parametrize("result", ["jpg", "png", "webp", "tif", "avif"])
def test_a_picture_that_was_held_upright_is_upright_once(result: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    image = Image.new("RGB", (64, 32), (10, 20, 30))
    image.paste((240, 230, 220), (0, 0, 32, 32))
    put("in.jpg", file_of(image, "JPEG", exif=exif))
    assert main(["in.jpg", "-o", f"out.{result}", *IDENTITY]) == 0
    pixels = pixels_of(Path(f"out.{result}")).astype(int)
    assert pixels.shape == (64, 32, 3)
    assert pixels[:24].min() > 200
    assert pixels[40:].max() < 50


def test_a_profile_for_cmyk_does_not_travel_with_the_srgb_that_was_made_by_it() -> None:
    put("in.jpg", file_of(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", icc_profile=cmyk_profile()))
    assert main(["in.jpg", "-o", "out.tif", *IDENTITY]) == 0
    assert read_picture(Path("out.tif")).carried.icc_profile is None


def test_odd_metadata_is_translated_without_words_for_programmers(capsys: pytest.CaptureFixture[str]) -> None:
    ends_early = b"MM\0*\0\0\0\x08\0\1" + (0x0112).to_bytes(2) + b"\0\3\0\0\0\1\0\1\0\0"
    put("in.jpg", file_of(Image.new("RGB", (8, 6)), "JPEG", exif=b"Exif\0\0" + ends_early))
    assert main(["in.jpg", "-o", "out.png", *IDENTITY]) == 0
    assert capsys.readouterr().err == ""


def test_sixteen_bits_stay_sixteen_in_a_tiff() -> None:
    samples = random_samples((5, 7, 4), np.uint16)
    put("in.png", png_file(samples, 6))
    assert main(["in.png", "-o", "out.tiff", *IDENTITY]) == 0
    np.testing.assert_array_equal(pixels_of(Path("out.tiff")), samples)


# Pipes


@pytest.fixture
def standard_input(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes], None]]:
    """Sets what standard input holds."""
    with contextlib.ExitStack() as opened:

        def put_in(data: bytes) -> None:
            file = opened.enter_context(put("standard-input", data).open(encoding="utf-8"))
            monkeypatch.setattr(sys, "stdin", file)

        yield put_in


LARGE = random_samples((300, 400, 3))  # more than a pipe holds
PIPE = [sys.executable, "-m", "server.translate", "-", "-o", "-", "--filter", "inverting"]


def test_a_picture_goes_through_a_pipe_and_nothing_else_comes_out() -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}  # then a pipe takes a part at a time
    result = subprocess.run(PIPE, input=png_file(LARGE, RGB), capture_output=True, check=True, env=environment)
    np.testing.assert_array_equal(pixels_of(result.stdout), 255 - LARGE)
    assert result.stderr.startswith(b"Translated 1 of 1 pictures in ")
    assert result.stderr.count(b"\n") == 1


def test_a_pipe_that_is_closed_ends_the_command_silently() -> None:
    with subprocess.Popen(PIPE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(png_file(LARGE, RGB))
        process.stdin.close()
        assert process.stdout.read(4) == b"\x89PNG"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "AVIF"])
def test_every_kind_comes_from_standard_input(kind: str, standard_input: Callable[[bytes], None]) -> None:
    standard_input(file_of(Image.new("RGB", (8, 6), (200, 100, 50)), kind))
    assert main(["-", "-o", "out.png", *IDENTITY]) == 0
    assert np.abs(pixels_of(Path("out.png")).astype(int) - (200, 100, 50)).max() <= 3


@pytest.mark.parametrize(
    ("suffix", "begin"), [(".jpg", b"\xff\xd8"), ("webp", b"RIFF"), (".tif", b"II*\0"), ("avif", b"\0\0\0")]
)
def test_every_kind_goes_to_standard_output(
    suffix: str, begin: bytes, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    put("in.png")
    assert main(["in.png", "-o", "-", "--suffix", suffix, *IDENTITY]) == 0
    out = capsysbinary.readouterr().out
    assert out.startswith(begin)
    assert pixels_of(out).shape == PIXELS.shape


@pytest.mark.parametrize(
    ("data", "words"), [(b"", "The file is empty"), (b"no picture", "This is not a"), (PICTURE[:90], "is damaged")]
)
def test_what_is_no_picture_on_standard_input_is_one_sentence(
    data: bytes, words: str, standard_input: Callable[[bytes], None], capsys: pytest.CaptureFixture[str]
) -> None:
    standard_input(data)
    assert main(["-", "-o", "out.png", *IDENTITY]) == 1
    said = capsys.readouterr().err
    assert said.startswith("standard input: ")
    assert words in said
    assert not Path("out.png").exists()


def test_standard_input_and_output_that_are_closed_are_sentences() -> None:
    put("in.png")
    for redirected, said in (
        ("- -o out.png <&-", b"standard input: It is closed; name a picture's file.\n"),
        ("in.png -o - >&-", b"-o - writes to standard output, which is closed; write to a file: -o out.png.\n"),
    ):
        command = f"{sys.executable} -m server.translate --filter identity {redirected}"
        result = subprocess.run(["bash", "-c", command], capture_output=True, check=False, timeout=60)
        assert result.stderr == said
        assert result.returncode
