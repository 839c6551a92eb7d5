from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.factories import failing, identity, inverting, put, put_bytes
from tests.training.factories import gradient, picture_folder
from training import evaluate
from training.filters.apply import Filter, translate_folder
from training.metrics.picture_files import PictureFiles, read_pixels


def measured(tmp_path: Path, *arguments: str) -> dict[str, dict[str, dict[str, float]]]:
    assert evaluate.main([*arguments, "--device", "cpu", "--json", str(tmp_path / "figures.json")]) == 0
    figures: dict[str, dict[str, dict[str, float]]] = json.loads((tmp_path / "figures.json").read_text())
    return figures


def test_two_folders_are_measured_and_described(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    real, generated = picture_folder(tmp_path / "real"), picture_folder(tmp_path / "generated", 2, seed=5)
    figures = measured(tmp_path, "--real", str(real), "--generated", str(generated))
    assert figures["compared"]["real"] == {"pictures": 3, "sizes": "40x40", "from": str(real)}
    assert figures["metrics"]["swd"]["mean"] > 0
    assert "generated  2 pictures, 40x40, from" in capsys.readouterr().out


def test_a_folder_is_at_no_distance_from_itself(tmp_path: Path) -> None:
    real = str(picture_folder(tmp_path / "real"))
    assert measured(tmp_path, "--real", real, "--generated", real)["metrics"]["swd"]["mean"] == 0


def test_a_filter_is_measured_on_what_it_makes_of_the_sources(tmp_path: Path) -> None:
    source, filter_ = str(picture_folder(tmp_path / "source")), str(put(tmp_path, inverting()))
    out = tmp_path / "translated"
    figures = measured(tmp_path, "--real", source, "--source", source, "--filter", filter_, "--generated", str(out))
    assert figures["metrics"]["structure"]["mean"] == pytest.approx(-1)
    assert figures["metrics"]["swd"]["mean"] > 0
    assert np.array_equal(read_pixels(out / "0.png"), 255 - np.asarray(gradient()))


def test_translations_go_nowhere_unless_they_are_to_be_kept(tmp_path: Path) -> None:
    source, filter_ = picture_folder(tmp_path / "source"), put(tmp_path, identity())
    figures = measured(tmp_path, "--real", str(source), "--source", str(source), "--filter", str(filter_))
    assert figures["metrics"]["swd"]["mean"] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["figures.json", "identity.onnx", "source"]


def test_a_picture_off_the_multiple_keeps_its_size_and_its_pixels(tmp_path: Path) -> None:
    picture = np.asarray(gradient(37, 22))
    filter_ = Filter(put(tmp_path, identity(spatial_multiple="16")))
    assert np.array_equal(filter_.translate(picture), picture)


def test_pictures_of_one_stem_keep_apart(tmp_path: Path) -> None:
    (tmp_path / "source" / "deep").mkdir(parents=True)
    for name in ("a.jpg", "a.png", "deep/a.png"):
        gradient().save(tmp_path / "source" / name)
    translated = translate_folder(
        Filter(put(tmp_path, identity())), PictureFiles(tmp_path / "source"), tmp_path / "out"
    )
    names = [done.relative_to(tmp_path / "out").as_posix() for _, done in translated if isinstance(done, Path)]
    assert names == ["a.png", "a.png.png", "deep/a.png"]


def test_what_cannot_be_read_or_translated_is_skipped_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = picture_folder(tmp_path / "source", 1, size=16)
    gradient(40, 40).save(source / "large.png")
    (source / "text.png").write_text("hello")
    filter_ = put(tmp_path, failing())
    assert evaluate.main(["--real", str(source), "--source", str(source), "--filter", str(filter_)]) == 0
    said = capsys.readouterr().err
    assert "warning: skipped text.png: This is not a PNG" in said
    assert "warning: skipped large.png: the filter fails on a picture of 40x40" in said


def test_different_sizes_are_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    real, generated = picture_folder(tmp_path / "real"), picture_folder(tmp_path / "generated", size=64)
    measured(tmp_path, "--real", str(real), "--generated", str(generated))
    assert "have different sizes" in capsys.readouterr().err


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """``ok`` holds pictures, ``empty`` none, ``text`` a damaged one, ``tiny`` one too small; two files as filters."""
    picture_folder(tmp_path / "ok")
    picture_folder(tmp_path / "tiny", size=8)
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "a.png").write_text("hello")
    put(tmp_path, identity())
    put(tmp_path, failing())
    put_bytes(tmp_path / "damaged.onnx", b"no model")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--real none --generated ok", "There is no folder none"),
        ("--real empty --generated ok", "The folder empty holds no pictures"),
        ("--real text --generated ok", "put PNG, JPEG or WebP pictures there. The first, a.png: This is not a"),
        ("--real ok", "There is nothing to measure"),
        ("--real ok --filter identity.onnx", "--filter and --source go together"),
        ("--real ok --generated ok --source ok", "--filter and --source go together"),
        ("--real ok --source ok --filter none.onnx", "There is no filter none.onnx"),
        ("--real ok --source ok --filter damaged.onnx", "damaged.onnx is not a filter"),
        ("--real ok --source ok --filter failing.onnx", "failing.onnx cannot translate any of the pictures in ok"),
        (
            "--real ok --source ok --filter identity.onnx --generated ok",
            "The translations would go to ok, which is not an empty folder",
        ),
        ("--real ok --generated ok --metrics swd,lpips", "--metrics is 'swd,lpips', but must be one or more of swd"),
        ("--real ok --generated ok --metrics structure", "name --filter and --source"),
        ("--real ok --generated ok --metrics fid", "FID and KID need --inception-weights"),
        ("--real ok --generated tiny", "every picture must have at least 16 pixels on each side"),
        ("--real ok --generated ok --json /proc/a.json", "cannot be written to /proc/a.json"),
    ],
)
def test_bad_input_is_answered_in_one_sentence(
    folders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: str, said: str
) -> None:
    monkeypatch.chdir(folders)
    assert evaluate.main(arguments.split()) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1
