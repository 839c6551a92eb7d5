from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.training.factories import TINY_ARGUMENTS, folder_of, gradient, noise, picture_folder, two_folders
from training import fit
from training.data.batches import UnpairedBatches, to_pictures
from training.data.contact_sheet import contact_sheet


def test_a_dry_run_tells_what_it_read_and_shows_it_without_a_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "runs" / "first"
    assert (
        fit.main([*two_folders(tmp_path), *TINY_ARGUMENTS, "--dry-run", "--output", str(output), "--epochs", "7"]) == 0
    )
    told = capsys.readouterr().out
    assert f"{tmp_path / 'source'}: 3 pictures\n  40 x 40 pixels\n" in told
    assert "An epoch has 3 images, the run 21; each step takes 1." in told
    assert "warning: " in told
    assert list(output.parent.iterdir()) == [output.parent / "first-dry-run.png"]
    with Image.open(output.parent / "first-dry-run.png") as sheet:
        assert sheet.format == "PNG"


def test_a_dry_run_without_an_output_writes_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert fit.main([*two_folders(tmp_path), *TINY_ARGUMENTS, "--dry-run"]) == 0
    assert (tmp_path / "dry-run.png").is_file()


def test_a_dry_run_warns_of_unused_bits_and_shows_what_black_and_white_make_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for place, seed in (("source", 0), ("target", 1)):
        (tmp_path / place).mkdir()
        values = np.random.default_rng(seed).integers(0, 4096, (40, 40), np.uint16)
        Image.fromarray(values).save(tmp_path / place / "scan.png")
    brightest = []
    for white in ((), ("--white", "4095")):
        assert fit.main(["--source", "source", "--target", "target", *TINY_ARGUMENTS, "--dry-run", *white]) == 0
        warning = f"warning: {tmp_path / 'source'} has 1 picture of more than 8 bits"
        assert (warning in capsys.readouterr().out) == (not white)
        with Image.open("dry-run.png") as sheet:
            brightest.append(np.asarray(sheet)[36:68, 8:40].max())
    assert brightest[0] <= 16 and brightest[1] > 200


def test_the_sheet_shows_the_crops_that_training_draws_at_their_true_size() -> None:
    batches = UnpairedBatches(folder_of(noise(40, 50)), folder_of(noise(60, 40)), crop_size=32, mirror=True, seed=3)
    with Image.open(io.BytesIO(contact_sheet(batches))) as image:
        sheet = np.asarray(image)
    for domain, crops in enumerate(batches.draw(0, 24)):
        for place, picture in enumerate(to_pictures(crops.on(torch.device("cpu")))):
            top, left = domain * (28 + 3 * 40 + 8) + 28 + 8 + place // 8 * 40, 8 + place % 8 * 40
            assert (sheet[top : top + 32, left : left + 32] == picture).all()


@pytest.mark.parametrize("strategy", ["resize", "fit", "crop", "patch"])
@pytest.mark.parametrize("channels", ["1", "2", "4"])
def test_one_picture_file_for_each_domain_serves_every_strategy_and_channels(
    tmp_path: Path, strategy: str, channels: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, seed in (("a.png", 0), ("b.png", 3)):
        gradient(60, 50, seed).save(tmp_path / name)
    options = ["--source", str(tmp_path / "a.png"), "--target", str(tmp_path / "b.png"), "--strategy", strategy]
    channel_options = ["--source-channels", channels, "--target-channels", channels]
    output = ["--output", str(tmp_path / "run"), "--dry-run"]
    assert fit.main([*options, *channel_options, *TINY_ARGUMENTS, *output]) == 0
    expected = "An epoch has 100000 images" if strategy == "patch" else "An epoch has 1 images"
    assert expected in capsys.readouterr().out


def test_a_dry_run_does_not_go_on_with_a_run(finished_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fit.main(["--resume", str(finished_run), "--dry-run"]) == 2
    assert "leave out --resume" in capsys.readouterr().err


def test_a_sheet_that_cannot_be_written_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit.main([*two_folders(tmp_path), *TINY_ARGUMENTS, "--dry-run", "--output", "/proc/run"]) == 2
    assert "The contact sheet cannot be written to /proc/run-dry-run.png" in capsys.readouterr().err


def test_one_folder_for_both_domains_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(picture_folder(tmp_path / "pictures"))
    assert fit.main(["--source", folder, "--target", folder, *TINY_ARGUMENTS, "--dry-run"]) == 2
    assert capsys.readouterr().err.startswith(f"error: Source and target are both {folder}; name two different sets")
