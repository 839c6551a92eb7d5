"""Training as the child of another program: what it says on stdout, and how it is asked to stop."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pleinair.common.events import ExitStatus

from tests.training.factories import gradient
from tests.training.runs import arguments, go_on, stop_after
from training import fit
from training.running.checkpoint import Checkpoint
from training.running.reporter import JsonLines
from training.running.run import RunFolder
from training.running.stop import stop_at_end_of

ENDLESS = ["--images", "1000000", "--progress", "json", "--stop-at-eof"]


def events(told: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in told.splitlines()]


def child(arguments: list[str]) -> subprocess.Popen[str]:
    """Without a log, as a program would start it that has none."""
    command = [sys.executable, "-m", "training.fit", *arguments]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def wait_for(event: str, process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    for line in process.stdout:
        told: dict[str, Any] = json.loads(line)
        if told["event"] == event:
            return told
    raise AssertionError(f"it ended with {process.wait()} and without {event!r}")


def test_a_program_reads_every_event_of_a_run_and_nothing_else_on_stdout(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = arguments(tmp_path, "--images", "4", "--preview-every", "2", "--progress", "json")
    assert fit.main(options) == 0
    output = capsys.readouterr()
    told = events(output.out)
    assert told[0] == {"event": "started", "images": 0, "total": 4, "device": "cpu"}
    assert told[-1] == {"event": "finished", "images": 4, "filter": "filter.onnx"}
    steps = [line for line in told if line["event"] == "step"]
    assert all({"G_GAN", "D"} <= line["losses"].keys() and line["seconds_left"] >= 0 for line in steps)
    assert [line["images"] for line in steps][-1] == 4
    assert [line for line in told if line["event"] in ("preview", "checkpoint")] == [
        {"event": "preview", "images": 2, "file": "previews/images-000000002.png"},
        {"event": "preview", "images": 4, "file": "previews/images-000000004.png"},
        {"event": "checkpoint", "images": 4},
    ]
    assert (tmp_path / "run" / "previews" / "images-000000004.png").is_file()
    assert "Training cut on cpu" in output.err


def test_a_program_is_told_where_a_run_goes_on_and_where_it_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stop_after(monkeypatch, 2)
    assert fit.main(arguments(tmp_path, "--images", "9")) == ExitStatus.INTERRUPTED
    capsys.readouterr()
    stop_after(monkeypatch, 1)
    (tmp_path / "source" / "0.png").unlink()
    assert go_on(tmp_path / "run", "--progress", "json") == ExitStatus.INTERRUPTED
    told = events(capsys.readouterr().out)
    assert told[0] == {"event": "warning", "sentence": "the pictures are not those that the run began with"}
    assert told[1]["images"] == 2
    assert told[-1] == {"event": "stopped", "images": 3}


def test_a_program_is_told_in_a_sentence_why_a_run_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fit.main(arguments(tmp_path, "--device", "tpu", "--progress", "json")) == 2
    output = capsys.readouterr()
    (told,) = events(output.out)
    assert told["event"] == "failed"
    assert output.err == f"error: {told['sentence']}\n"


def test_a_run_goes_on_to_its_end_when_nobody_reads_any_more(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        told = JsonLines(stream)
        for images in range(3):
            told.checkpoint(images)
        stream.flush()  # as the interpreter does at its exit


def test_a_run_stops_with_a_checkpoint_when_its_standard_input_ends(tmp_path: Path) -> None:
    with child(arguments(tmp_path, *ENDLESS)) as process:
        wait_for("step", process)
        assert process.stdin is not None
        process.stdin.close()
        stopped = wait_for("stopped", process)
        assert process.wait(60) == ExitStatus.INTERRUPTED
    assert Checkpoint.load(RunFolder(tmp_path / "run").latest_checkpoint()).images_seen == stopped["images"] > 0


@pytest.mark.parametrize(("steps", "previews"), [(1, []), (3, ["images-000000001.png"])])
def test_a_run_with_previews_by_time_stops_without_another(
    tmp_path: Path, steps: int, previews: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_after(monkeypatch, steps)
    assert fit.main(arguments(tmp_path, "--images", "9", "--preview-seconds", "60")) == ExitStatus.INTERRUPTED
    assert [path.name for path in (tmp_path / "run" / "previews").iterdir()] == previews


def test_a_run_that_is_abandoned_while_it_starts_can_go_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fit, "stop_at_end_of", lambda: lambda: True)
    assert fit.main(arguments(tmp_path, *ENDLESS)) == ExitStatus.INTERRUPTED
    assert events(capsys.readouterr().out)[-1] == {"event": "stopped", "images": 0}
    stop_after(monkeypatch, 1)
    assert go_on(tmp_path / "run") == ExitStatus.INTERRUPTED
    assert Checkpoint.load(RunFolder(tmp_path / "run").latest_checkpoint()).images_seen == 1


def test_the_end_of_a_pipe_is_noticed_however_much_came_before() -> None:
    reader, writer = os.pipe()
    ended = stop_at_end_of(reader)
    os.write(writer, b"x" * 10_000)
    assert not ended()
    os.close(writer)
    deadline = time.monotonic() + 10
    while not ended():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.close(reader)


def test_without_standard_input_a_run_counts_as_abandoned() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    os.close(writer)
    ended = stop_at_end_of(reader)
    deadline = time.monotonic() + 10
    while not ended():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("size", [(57, 33), (1500, 1100)])
def test_the_preview_of_patches_is_the_whole_painting_at_any_size(
    tmp_path: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    gradient(*size).save(tmp_path / "painting.png")
    stop_after(monkeypatch, 1)
    options = arguments(tmp_path, "--strategy", "patch", "--images", "9", "--architecture", "stylegan2", "--width", "1")
    assert fit.main([*options, "--source", str(tmp_path / "painting.png")]) == ExitStatus.INTERRUPTED
    previews = tmp_path / "run" / "previews"
    with Image.open(previews / "source.png") as source, Image.open(previews / "images-000000001.png") as translated:
        assert source.size == translated.size
        width, height = source.size
    if size[0] * size[1] <= 1_300_000:
        assert (width, height) == size
    else:
        assert 1_290_000 < width * height <= 1_300_000
