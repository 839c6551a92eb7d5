"""Going on with a run, by command."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pleinair.common.events import ExitStatus

from tests.training.factories import TINY_ARGUMENTS, picture_folder, two_folders
from tests.training.running.test_lock import holder
from tests.training.runs import arguments, go_on, stop_after
from training import fit
from training.running.checkpoint import Checkpoint
from training.running.run import RunFolder


@pytest.fixture
def broken_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of 8 images, checkpoint every 2, that was stopped after 5; resumed, it is stopped one image later."""
    stop_after(monkeypatch, 5)
    options = arguments(tmp_path, "--preset", "fastcut", "--images", "8", "--checkpoint-every", "2")
    assert fit.main(options) == ExitStatus.INTERRUPTED
    stop_after(monkeypatch, 1)
    return tmp_path / "run"


def refused(run: Path, *options: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert go_on(run, *options) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    return error


def names(run: Path) -> list[str]:
    return sorted(path.name for path in (run / "checkpoints").iterdir())


def damage(path: Path) -> None:
    """Turns one bit in the middle, where the weights are."""
    contents = bytearray(path.read_bytes())
    contents[len(contents) // 2] ^= 1
    path.write_bytes(contents)


def test_the_options_that_the_run_has_may_be_given_again(broken_run: Path) -> None:
    options = [*two_folders(broken_run.parent), *TINY_ARGUMENTS, "--preset", "fastcut", "--images", "8"]
    assert go_on(broken_run, "--output", str(broken_run), *options) == ExitStatus.INTERRUPTED
    assert Checkpoint.load(RunFolder(broken_run).latest_checkpoint()).images_seen == 6


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--learning-rate", "0.001"], "--learning-rate is 0.001, but the run has 0.0002; leave it out or start a new"),
        (
            ["--width", "8", "--no-mirror"],
            "--mirror is False, but the run has True and --width is 8, but the run has 4",
        ),
        (["--preset", "cut"], "--preset is 'cut', but the run has 'fastcut'"),
        (["--output", "elsewhere"], "--output is 'elsewhere', but the run has "),
        (["--images", "4"], "--images is 4, but the run has 8 and can only be made longer"),
        (
            ["--epochs", "9"],
            "--epochs is 9, but the length of the run is 8 images; leave it out or lengthen the run by",
        ),
    ],
)
def test_other_options_than_the_runs_are_refused_by_name_and_value(
    broken_run: Path, options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (broken_run / "config.json").read_bytes()
    assert sentence in refused(broken_run, *options, capsys=capsys)
    assert (broken_run / "config.json").read_bytes() == before


def test_what_the_filter_says_of_itself_may_change_on_the_way(
    broken_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_after(monkeypatch, 3)
    assert go_on(broken_run, "--title", "Étretat") == 0
    assert json.loads((broken_run / "config.json").read_text())["title"] == "Étretat"
    assert "Étretat".encode() in (broken_run / "filter.onnx").read_bytes()


def test_a_run_can_be_lengthened(
    broken_run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stop_after(monkeypatch, 4)
    assert go_on(broken_run, "--images", "10") == ExitStatus.INTERRUPTED
    assert "The run is 10 images long now" in capsys.readouterr().out
    stop_after(monkeypatch, 2)
    assert go_on(broken_run) == 0
    checkpoint = Checkpoint.load(RunFolder(broken_run).latest_checkpoint())
    assert (checkpoint.images_seen, checkpoint.config.images) == (10, 10)


def test_a_run_given_in_epochs_is_lengthened_in_epochs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stop_after(monkeypatch, 1)
    assert fit.main(arguments(tmp_path, "--epochs", "3")) == ExitStatus.INTERRUPTED
    run = tmp_path / "run"
    capsys.readouterr()
    assert "length of the run is 3 epochs; leave it out or" in refused(run, "--images", "99", capsys=capsys)
    assert go_on(run, "--epochs", "5") == ExitStatus.INTERRUPTED
    assert "for 15 images" in capsys.readouterr().out


def test_a_damaged_last_checkpoint_is_put_aside_for_the_one_before(
    broken_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(broken_run / "checkpoints" / "images-000000005.pt")
    assert go_on(broken_run) == ExitStatus.INTERRUPTED
    told = capsys.readouterr()
    assert "images-000000005.pt is damaged; continuing from images-000000004.pt instead" in told.err
    assert "continuing after 4" in told.out
    assert names(broken_run) == ["images-000000004.pt", "images-000000005.pt", "images-000000005.pt.damaged"]


def test_a_run_without_a_whole_checkpoint_is_refused_and_left_alone(
    broken_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (broken_run / "checkpoints").iterdir():
        damage(path)
    before = names(broken_run)
    sentence = "can be read (images-000000005.pt is damaged); restore one from a copy, or delete them"
    assert sentence in refused(broken_run, capsys=capsys)
    assert names(broken_run) == before


def test_a_run_killed_before_its_first_checkpoint_starts_again(broken_run: Path) -> None:
    shutil.rmtree(broken_run / "checkpoints")
    assert go_on(broken_run) == ExitStatus.INTERRUPTED
    rows = [json.loads(line) for line in (broken_run / "metrics.jsonl").read_text().splitlines()]
    assert [row["images"] for row in rows] == [1]


def test_a_start_killed_before_its_options_were_written_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run").mkdir()
    for name in (".lock", ".config.json.tmp"):
        (tmp_path / "run" / name).touch()
    stop_after(monkeypatch, 1)
    assert fit.main(arguments(tmp_path, "--images", "9")) == ExitStatus.INTERRUPTED


def test_metrics_beyond_the_checkpoint_and_torn_ones_are_forgotten(broken_run: Path) -> None:
    (broken_run / "checkpoints" / "images-000000005.pt").unlink()
    lines = ['{"images": 3.0, "G": 1.0}\n', '{"images": 4.0, "G": 1.0}\n', '{"images": 5.0, "G": 1.0}\n', '{"ima']
    (broken_run / "metrics.jsonl").write_text("".join(lines))
    assert go_on(broken_run) == ExitStatus.INTERRUPTED
    rows = [json.loads(line) for line in (broken_run / "metrics.jsonl").read_text().splitlines()]
    assert [row["images"] for row in rows] == [3, 4, 5]


def test_rows_are_counted_exactly_in_runs_of_millions(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    lines = [f'{{"images": {images}}}\n' for images in (2_345_677, 2_345_678)]
    run.metrics.write_text("".join(lines))
    run.forget_metrics_after(2_345_677)
    assert run.metrics.read_text() == lines[0]


def test_what_a_killed_write_left_is_removed(broken_run: Path) -> None:
    left = [broken_run / ".config.json.tmp", broken_run / "checkpoints" / ".images-000000007.pt.tmp"]
    for path in left:
        path.write_bytes(b"half")
    assert go_on(broken_run) == ExitStatus.INTERRUPTED
    assert not any(path.exists() for path in left)


def edit_config(run: Path, **options: object) -> None:
    path = run / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **options}))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (
            lambda run: edit_config(run, method="cut"),
            "says method 'cut', but the checkpoint at 5 images was trained with",
        ),
        (lambda run: edit_config(run, nonsense=1), "another version of Pleinair, with the option nonsense"),
        (lambda run: (run / "config.json").write_text("{"), "is damaged; restore it from a copy, or delete it"),
    ],
)
def test_options_that_are_not_the_checkpoints_are_refused(
    broken_run: Path, spoil: Callable[[Path], None], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(broken_run)
    assert sentence in refused(broken_run, capsys=capsys)


def test_a_checkpoint_of_other_networks_is_refused(broken_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = RunFolder(broken_run).latest_checkpoint()
    checkpoint = Checkpoint.load(path)
    dataclasses.replace(checkpoint, networks={**checkpoint.networks, "generator": {}}).save(path)
    sentence = "The checkpoint at 5 images does not fit the networks of fastcut; choose another checkpoint"
    assert sentence in refused(broken_run, capsys=capsys)


def test_lost_options_are_taken_from_the_checkpoint(broken_run: Path) -> None:
    before = (broken_run / "config.json").read_bytes()
    (broken_run / "config.json").unlink()
    assert go_on(broken_run) == ExitStatus.INTERRUPTED
    assert (broken_run / "config.json").read_bytes() == before


def test_moved_pictures_are_found_where_the_option_says(broken_run: Path) -> None:
    moved = (broken_run.parent / "source").rename(broken_run.parent / "moved")
    assert go_on(broken_run, "--source", str(moved)) == ExitStatus.INTERRUPTED


def test_other_pictures_are_not_taken_for_moved_ones(broken_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    others = picture_folder(broken_run.parent / "others", seed=9)
    before = (broken_run / "config.json").read_bytes()
    assert "are not those of the run's" in refused(broken_run, "--source", str(others), capsys=capsys)
    assert (broken_run / "config.json").read_bytes() == before


def test_a_folder_that_is_no_run_cannot_be_resumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "is not a training run; name a folder" in refused(tmp_path, capsys=capsys)
    assert not list(tmp_path.iterdir())


def test_a_run_in_use_is_left_alone(broken_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    process = holder(broken_run)
    assert "is in use by another training; wait until it ends" in refused(broken_run, capsys=capsys)
    process.communicate("", timeout=60)
    assert go_on(broken_run) == ExitStatus.INTERRUPTED


def test_previews_beyond_the_checkpoint_are_forgotten_as_metrics_are(broken_run: Path) -> None:
    (broken_run / "previews" / "images-000000009.png").write_bytes(b"of a way that is not gone")
    assert go_on(broken_run) == ExitStatus.INTERRUPTED
    previews = sorted(path.name for path in (broken_run / "previews").iterdir())
    assert previews == ["images-000000005.png", "images-000000006.png"]
