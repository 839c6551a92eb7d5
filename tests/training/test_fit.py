from __future__ import annotations

import ast
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from PIL import Image
from pleinair.common.events import ExitStatus

from tests.training.factories import TINY_ARGUMENTS, gradient, picture_folder, two_folders
from tests.training.runs import arguments, go_on, stop_after
from training import fit
from training.running.checkpoint import Checkpoint
from training.running.run import RunFolder


def start(arguments: list[str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "training.fit", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_file(pattern: str, folder: Path, process: subprocess.Popen[str]) -> None:
    """Until a file appears; the process must be running meanwhile."""
    deadline = time.monotonic() + 120
    while not list(folder.glob(pattern)):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, f"no {pattern} in {folder}"
        time.sleep(0.05)


def test_a_finished_run_explains_itself(finished_run: Path) -> None:
    names = {str(path.relative_to(finished_run)) for path in finished_run.rglob("*") if path.is_file()}
    assert names == {
        ".lock",
        "config.json",
        "metrics.jsonl",
        "filter.onnx",
        "checkpoints/images-000000006.pt",
        "previews/images-000000006.png",
    }
    assert json.loads((finished_run / "config.json").read_text())["method"] == "fastcut"


def test_metrics_hold_the_losses_and_the_learning_rate_of_every_stretch(finished_run: Path) -> None:
    rows = [json.loads(line) for line in (finished_run / "metrics.jsonl").read_text().splitlines()]
    assert rows[-1]["images"] == 6
    assert all(isinstance(row["images"], int) for row in rows)  # six digits would not do for millions
    assert set(rows[-1]) == {
        "images",
        "learning_rate",
        "diversity",
        "change",
        "G_GAN",
        "NCE",
        "G",
        "D_real",
        "D_fake",
        "D",
    }


def test_the_progress_tells_images_per_second_and_the_time_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit.main(arguments(tmp_path, "--images", "3")) == 0
    assert re.search(r"3/3 \[\d\d:\d\d<\d\d:\d\d, +[\d.]+(img/s|s/img), G_GAN [\d.]+ ", capsys.readouterr().err)


def test_the_preview_shows_sources_translations_and_targets(finished_run: Path) -> None:
    with Image.open(finished_run / "previews" / "images-000000006.png") as preview:
        assert preview.size == (3 * (32 + 4) + 4, 3 * (32 + 4) + 4)


def test_an_interrupted_and_resumed_run_equals_an_unbroken_one(tmp_path: Path) -> None:
    """Two processes: one is interrupted after its first checkpoint and resumed, the other is left alone."""
    options = ["--images", "40", "--checkpoint-every", "4"]
    broken = start(arguments(tmp_path / "broken", *options))
    wait_for_file("images-*.pt", tmp_path / "broken" / "run" / "checkpoints", broken)
    assert fit.main(["--resume", str(tmp_path / "broken" / "run"), "--device", "cpu"]) == 2  # it is in use
    broken.send_signal(signal.SIGINT)
    output, _ = broken.communicate(timeout=120)
    assert broken.returncode == ExitStatus.INTERRUPTED
    assert "continue with: python -m training.fit --resume" in output
    assert fit.main(["--resume", str(tmp_path / "broken" / "run"), "--device", "cpu"]) == 0
    assert fit.main(arguments(tmp_path / "unbroken", *options)) == 0

    ends = [Checkpoint.load(RunFolder(tmp_path / name / "run").latest_checkpoint()) for name in ("broken", "unbroken")]
    assert ends[0].images_seen == ends[1].images_seen == 40
    for network, weights in ends[0].networks.items():
        for name, weight in weights.items():
            assert torch.equal(weight, ends[1].networks[network][name]), f"{network} {name}"


def test_pictures_that_changed_since_are_told_when_resuming(
    finished_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(finished_run, tmp_path / "run")
    checkpoint = Checkpoint.load(RunFolder(tmp_path / "run").latest_checkpoint())
    source = Path(checkpoint.config.source)
    moved = source / "9.png"
    shutil.copy(source / "0.png", moved)
    try:
        assert fit.main(["--resume", str(tmp_path / "run"), "--device", "cpu"]) == 0
    finally:
        moved.unlink()
    assert "the pictures are not those that the run began with" in capsys.readouterr().err


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert fit.main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    return error


def test_an_unreadable_picture_is_named_and_the_others_train(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = arguments(tmp_path, "--images", "9")
    (tmp_path / "source" / "broken.png").write_bytes(b"nothing")
    stop_after(monkeypatch, 1)
    assert fit.main(options) == ExitStatus.INTERRUPTED
    assert RunFolder(tmp_path / "run").latest_checkpoint().name == "images-000000001.pt"
    assert "source: 3 pictures\n  skipped broken.png: This is not a PNG" in capsys.readouterr().out


def test_a_missing_folder_leaves_no_run_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--source", str(tmp_path / "no"), "--target", str(tmp_path / "no"), "--output", str(tmp_path / "run")]
    assert "There is no folder" in refused(options, capsys)
    assert not (tmp_path / "run").exists()


def test_a_method_that_cannot_be_built_leaves_no_run_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--taps is '0,99', but PatchNCE compares layers up to 12" in refused(
        arguments(tmp_path, "--taps", "0,99"), capsys
    )
    assert not (tmp_path / "run").exists()


def test_an_output_that_cannot_be_written_is_refused_before_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [*two_folders(tmp_path), *TINY_ARGUMENTS, "--output", "/proc/run"]
    assert "The run cannot be written to /proc/run" in refused(options, capsys)


@pytest.mark.parametrize("zoom_per", ["patch", "batch"])
def test_patches_of_single_pictures_train_and_resume_exactly(
    tmp_path: Path, zoom_per: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gradient(120, 90).save(tmp_path / "a.png")
    gradient(80, 100, seed=3).save(tmp_path / "b.png")
    options = ["--source", str(tmp_path / "a.png"), "--target", str(tmp_path / "b.png"), "--strategy", "patch"]
    options += [*TINY_ARGUMENTS, "--batch", "2", "--zoom-per", zoom_per, "--device", "cpu", "--decay-share", "0"]
    for name, steps in (("whole", 4), ("part", 2)):
        stop_after(monkeypatch, steps)
        length = ["--images", "30", "--preview-every", "4"]
        assert fit.main([*options, *length, "--output", str(tmp_path / name)]) == ExitStatus.INTERRUPTED
    stop_after(monkeypatch, 2)
    assert go_on(tmp_path / "part") == ExitStatus.INTERRUPTED
    ends = [Checkpoint.load(RunFolder(tmp_path / name).latest_checkpoint()) for name in ("whole", "part")]
    for name, weight in ends[0].networks["generator"].items():
        assert torch.equal(weight, ends[1].networks["generator"][name]), name
    with Image.open(tmp_path / "whole" / "previews" / "images-000000008.png") as preview:
        assert preview.size == (120, 90)
    assert ends[0].sample.shape == (1, 3, 90, 120)  # the thumbnail shows more than a patch too


@pytest.mark.parametrize(("preset", "source", "target"), [("fastcut", "1", "3"), ("sincut", "4", "1")])
def test_source_and_target_may_have_different_channels(tmp_path: Path, preset: str, source: str, target: str) -> None:
    options = ["--preset", preset, "--source-channels", source, "--target-channels", target, "--no-identity"]
    small = ["--l1-identity-weight", "0", "--patches", "1", "--negatives", "minibatch", "--images", "2", "--batch", "2"]
    small += ["--width", "1", "--discriminator-width", "1"]
    assert fit.main(arguments(tmp_path, *options, *small)) == 0
    assert (tmp_path / "run" / "filter.onnx").is_file()


def test_a_second_start_takes_its_pictures_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = ["--cache", str(tmp_path / "cache")]
    options = [*two_folders(tmp_path), *TINY_ARGUMENTS, "--images", "9", "--device", "cpu", *cache]

    def start(*options: str) -> int:
        stop_after(monkeypatch, 1)
        return fit.main([*options])

    assert start(*options, "--output", str(tmp_path / "first")) == ExitStatus.INTERRUPTED
    monkeypatch.setattr("training.data.folders.read_resized", lambda *_: pytest.fail("a picture was decoded"))
    assert start(*options, "--output", str(tmp_path / "second")) == ExitStatus.INTERRUPTED
    assert start("--resume", str(tmp_path / "second"), *cache, "--device", "cpu") == ExitStatus.INTERRUPTED
    assert RunFolder(tmp_path / "second").latest_checkpoint().name == "images-000000002.pt"


def test_a_cache_that_cannot_be_used_is_told_and_training_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stop_after(monkeypatch, 1)
    assert fit.main(arguments(tmp_path, "--images", "9", "--cache", "/proc/cache")) == ExitStatus.INTERRUPTED
    assert RunFolder(tmp_path / "run").latest_checkpoint().name == "images-000000001.pt"
    assert "  the cache /proc/cache cannot be used (No such file or directory)" in capsys.readouterr().out


def test_missing_options_are_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "There is no --source" in refused(["--output", str(tmp_path / "run")], capsys)


def test_two_lengths_are_one_too_many(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = [*two_folders(tmp_path), "--output", str(tmp_path / "run"), "--images", "1", "--epochs", "1"]
    assert "give one of them" in refused(options, capsys)


def test_dataroot_names_both_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture_folder(tmp_path / "trainA")
    options = ["--dataroot", str(tmp_path), "--output", str(tmp_path / "run"), *TINY_ARGUMENTS]
    assert f"There is no folder {tmp_path / 'trainB'}" in refused(options, capsys)


def test_a_device_that_is_not_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--device is 'tpu'" in refused([*two_folders(tmp_path), "--device", "tpu"], capsys)


def test_training_imports_neither_the_server_nor_grpc_nor_the_wire() -> None:
    program = (
        "import sys, training.fit, training.export, training.data.synthetic\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('server', 'grpc', 'pleinair')])"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    names = {".".join(name.split(".")[:2]) for name in ast.literal_eval(answer.stdout)}
    assert names == {"pleinair", "pleinair.common", "pleinair.pictures"}


def test_without_an_output_the_run_is_named_after_its_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options = [*two_folders(tmp_path), *TINY_ARGUMENTS, "--images", "1", "--device", "cpu"]
    assert fit.main(options) == 0
    stop_after(monkeypatch, 1)
    assert fit.main([*options, "--images", "9"]) == ExitStatus.INTERRUPTED
    assert sorted(path.name for path in Path("runs").iterdir()) == ["source-to-target", "source-to-target-2"]
    assert (tmp_path / "runs" / "source-to-target" / "filter.onnx").is_file()
