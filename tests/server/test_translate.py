"""``python -m server.translate`` as its users run it."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from server.pictures.files import decode_picture
from server.translate import main
from tests import factories
from tests.certificates import make_certificate
from tests.server.picture_files import (
    RGB,
    RGBA,
    SRGB_PROFILE,
    file_of,
    png_file,
    png_header_only,
    random_samples,
)


@pytest.fixture(autouse=True)
def in_a_folder_with_filters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``filters`` is where the script looks by itself."""
    monkeypatch.chdir(tmp_path)
    for name in ("PLEINAIR_FILTERS", "PLEINAIR_PROVIDER", "PLEINAIR_MAX_PIXELS"):
        monkeypatch.delenv(name, raising=False)
    filters = tmp_path / "filters"
    filters.mkdir()
    for maker in (factories.identity, factories.inverting):
        factories.put(filters, maker())
    return filters


def picture(name: str, shape: tuple[int, int, int] = (5, 7, 3)) -> np.ndarray:
    """Writes random pixels as a PNG file of this name, and returns them."""
    pixels = random_samples(shape)
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_bytes(png_file(pixels, RGB if shape[2] == 3 else RGBA))
    return pixels


def pixels_of(name: str | Path) -> np.ndarray:
    return decode_picture(Path(name).read_bytes(), max_pixels=1 << 24).pixels


def names_in(folder: str) -> list[str]:
    """Of everything there, so that half-written files would show."""
    return sorted(path.name for path in Path(folder).iterdir())


def complaint(capsys: pytest.CaptureFixture[str], status: int, *arguments: str) -> str:
    """What is said on standard error, in one line, when the script ends with ``status``."""
    assert main(arguments) == status
    said = capsys.readouterr().err
    assert said.count("\n") == 1, said
    return said


def test_a_picture_is_translated_without_a_server(capsys: pytest.CaptureFixture[str]) -> None:
    pixels = picture("in.png")
    assert main(["in.png", "-o", "out.png", "--filter", "inverting"]) == 0
    np.testing.assert_array_equal(pixels_of("out.png"), 255 - pixels)
    assert capsys.readouterr().out.startswith("Translated 1 of 1 pictures in ")


def test_a_picture_is_translated_by_a_server(tmp_path: Path) -> None:
    pixels = picture("in.png")
    (elsewhere := tmp_path / "elsewhere").mkdir()
    factories.put(elsewhere, factories.swapping())
    with factories.running_server(elsewhere) as server:
        assert main(["in.png", "-o", "out.png", "--filter", "swapping", "--address", server.address]) == 0
    np.testing.assert_array_equal(pixels_of("out.png"), pixels[..., ::-1])


def test_alpha_depth_and_colour_profile_are_kept() -> None:
    samples = random_samples((5, 7, 4), np.uint16)
    Path("in.png").write_bytes(png_file(samples, RGBA))
    profiled = file_of(Image.fromarray(random_samples((4, 4, 3))), "PNG", icc_profile=SRGB_PROFILE)
    Path("profiled.png").write_bytes(profiled)
    assert main(["in.png", "profiled.png", "-o", "out/", "--filter", "identity"]) == 0
    np.testing.assert_array_equal(pixels_of("out/in.png"), samples)
    with Image.open("out/profiled.png") as result:
        assert result.info["icc_profile"] == SRGB_PROFILE


def test_a_folder_keeps_its_names() -> None:
    shown = {name: picture(f"in/{name}.png") for name in ("a", "b")}
    assert main(["in", "-o", "out", "--filter", "inverting"]) == 0
    assert names_in("out") == ["a.png", "b.png"]
    for name, pixels in shown.items():
        np.testing.assert_array_equal(pixels_of(f"out/{name}.png"), 255 - pixels)


def test_a_glob_pattern_picks_from_a_folder() -> None:
    for name in ("a1", "a2", "b"):
        picture(f"in/{name}.png")
    assert main(["in/a*.png", "-o", "out", "--filter", "identity"]) == 0
    assert names_in("out") == ["a1.png", "a2.png"]


def test_an_onnx_file_is_a_filter_too(tmp_path: Path) -> None:
    pixels = picture("in.png")
    (elsewhere := tmp_path / "elsewhere").mkdir()
    file = factories.put(elsewhere, factories.inverting(), name="anything")
    assert main(["in.png", "-o", "out.png", "--filter", str(file)]) == 0
    np.testing.assert_array_equal(pixels_of("out.png"), 255 - pixels)


def test_list_shows_filters_and_what_is_not_served(capsys: pytest.CaptureFixture[str]) -> None:
    factories.put_bytes(Path("filters/broken.onnx"), b"nonsense")
    assert main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["id", "identity", "inverting", "broken.onnx"]
    assert "painting -> photo" in lines[1]


def test_list_asks_the_server_that_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (elsewhere := tmp_path / "elsewhere").mkdir()
    factories.put(elsewhere, factories.swapping())
    with factories.running_server(elsewhere) as server:
        assert main(["--list", "--address", server.address]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["id", "swapping"]


def test_an_unreadable_picture_is_named_and_the_others_are_translated(capsys: pytest.CaptureFixture[str]) -> None:
    picture("in/a.png")
    whole = png_file(random_samples((50, 50, 3)), RGB)
    Path("in/b.png").write_bytes(whole[: len(whole) // 2])
    Path("in/c.png").write_bytes(png_header_only(200_000, 200_000))
    Path("in/d.png").write_bytes(png_header_only(0, 0))
    picture("in/e.png")
    assert main(["in", "-o", "out", "--filter", "identity"]) == 1
    assert names_in("out") == ["a.png", "e.png"]
    said = capsys.readouterr()
    assert said.out.startswith("Translated 2 of 5 pictures")
    for name, words in (("b", "damaged or incomplete"), ("c", "200,000 x 200,000 pixels"), ("d", "nothing in it")):
        (line,) = (line for line in said.err.splitlines() if line.startswith(f"in/{name}.png: "))
        assert words in line


def test_what_was_converted_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    Path("in.jpg").write_bytes(file_of(Image.new("CMYK", (20, 20), (255, 0, 0, 0)), "JPEG"))
    assert main(["in.jpg", "-o", "out.png", "--filter", "identity"]) == 0
    assert "in.jpg: It was converted from CMYK" in capsys.readouterr().err


def test_a_result_is_never_replaced_unless_asked(capsys: pytest.CaptureFixture[str]) -> None:
    pixels = picture("in.png")
    Path("out.png").write_bytes(b"precious")
    said = complaint(capsys, 2, "in.png", "-o", "out.png", "--filter", "identity")
    assert "out.png exists already; add --force" in said
    assert Path("out.png").read_bytes() == b"precious"
    assert main(["in.png", "-o", "out.png", "--filter", "identity", "--force"]) == 0
    np.testing.assert_array_equal(pixels_of("out.png"), pixels)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["in.png", "-o", "out/", "--filter", "monet"], "the filters are: identity, inverting."),
        (["in.png", "-o", "out/"], "Name the pictures, the result and the filter"),
        (["none.png", "-o", "out/", "--filter", "identity"], "There is no file or folder none.png"),
        (["in.png", "-o", "out/", "--filter", "none.onnx"], "There is no none.onnx; name a folder with filters"),
        (["in.png", "-o", "out/", "--filter", "bad.onnx"], "bad.onnx is not a filter. It is not an ONNX file"),
        (["in.png", "-o", "out/", "--filter", "x", "--filters", "none"], "There is no none; name a folder"),
        (["--list", "--filters", "none"], "There is no none; name a folder"),
        (["in.png", "-o", "out/", "--filter", "identity", "--max-pixels", "0"], "--max-pixels is '0', but must be"),
        (
            ["--list", "--address", "localhost:1", "--filters", "filters"],
            "leave out --filters, --provider and --memory",
        ),
        (["--list", "--token-file", "token"], "are for a server; name it with --address"),
        (["--list", "--address", "localhost:1", "--token-file", "none"], "none cannot be read (No such file"),
    ],
)
def test_a_wrong_command_is_one_sentence_and_makes_nothing(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    picture("in.png")
    Path("bad.onnx").write_bytes(b"nonsense")
    assert words in complaint(capsys, 2, *arguments)
    assert not Path("out").exists()


def test_an_output_that_cannot_be_written_is_found_before_the_work(capsys: pytest.CaptureFixture[str]) -> None:
    picture("in.png")
    Path("file").write_bytes(b"")
    said = complaint(capsys, 2, "in.png", "-o", "file/out.png", "--filter", "identity")
    assert "Nothing can be written into file (" in said


def test_12_of_16_bits_are_translated_as_the_whole_range() -> None:
    samples = random_samples((5, 7, 3), np.uint16) >> 4
    Path("in.png").write_bytes(png_file(samples, RGB))
    assert main(["in.png", "-o", "out.png", "--filter", "identity", "--black", "0", "--white", "4095"]) == 0
    np.testing.assert_allclose(pixels_of("out.png"), samples * (65535 / 4095), atol=1)


@pytest.mark.parametrize("given", [["--white", "nan"], ["--white", "bright"], ["--black", "9", "--white", "9"]])
def test_values_that_cannot_be_black_and_white_are_refused(
    given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    picture("in.png")
    assert "--white" in complaint(capsys, 2, "in.png", "-o", "out.png", "--filter", "identity", *given)
    assert not Path("out.png").exists()


def test_a_server_that_does_not_answer_is_named(free_address: str, capsys: pytest.CaptureFixture[str]) -> None:
    picture("in.png")
    said = complaint(capsys, 1, "in.png", "-o", "out.png", "--filter", "identity", "--address", free_address)
    assert f"No server answers at {free_address}" in said


def test_a_guarded_server_is_asked_with_its_token_and_certificate(tmp_path: Path) -> None:
    pixels = picture("in.png")
    Path("token").write_text("a-token-of-some-length")
    certificate, key = make_certificate(tmp_path)
    guards = {"token_file": Path("token"), "tls_certificate": certificate, "tls_key": key}
    with factories.running_server(tmp_path / "filters", **guards) as server:
        arguments = ["in.png", "-o", "out.png", "--filter", "identity", "--address", server.address]
        assert main([*arguments, "--token-file", "token", "--tls-certificate", str(certificate)]) == 0
    np.testing.assert_array_equal(pixels_of("out.png"), pixels)


def test_the_cpu_answering_for_cuda_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    picture("in.png")
    assert main(["in.png", "-o", "out.png", "--filter", "identity", "--provider", "cuda"]) == 0
    said = capsys.readouterr()
    assert "the CPU answers instead" in said.err or "CUDAExecutionProvider" in said.out


def test_ctrl_c_keeps_what_is_finished_and_leaves_nothing_half_written() -> None:
    factories.put(Path("filters"), factories.slow())
    picture("in/a.png", (2, 2, 3))
    picture("in/b.png", (1024, 1024, 3))
    command = [sys.executable, "-m", "server.translate", "in", "-o", "out", "--filter", "slow"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while not Path("out/a.png").exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == (
        "Stopped; finished pictures are in place, and none is half-written; the same command with --missing goes on.\n"
    )
    assert names_in("out") == ["a.png"]
