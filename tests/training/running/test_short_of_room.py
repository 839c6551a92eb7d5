"""Memory or the disk is used up on the way."""

from __future__ import annotations

import dataclasses
import json
import math
import resource
from pathlib import Path
from typing import Any

import pytest
import torch
from pleinair.common.events import ExitStatus
from torch import Tensor

from tests.training.running.test_reporter import events
from tests.training.runs import arguments, go_on, stop_after
from training import fit
from training.computing.memory import is_exhausted, with_half_the_batch
from training.methods import registry
from training.methods.cut.spec import CUT
from training.methods.cut.step import Cut
from training.methods.registry import preset_config
from training.running import completion, whole
from training.running.checkpoint import Checkpoint
from training.running.recording import metrics
from training.running.run import RunFolder


class Hungry(Cut):
    """Asks the real allocator for more than any computer has when it is given a batch of more than ``fits``."""

    fits = 2
    in_peace = 0  # steps of any batch before that

    def step(self, source: Tensor, target: Tensor) -> dict[str, Tensor]:
        if len(source) > self.fits:
            if not self.in_peace:
                torch.empty(1 << 50)
            type(self).in_peace -= 1
        return super().step(source, target)


@pytest.fixture
def hungry(monkeypatch: pytest.MonkeyPatch) -> type[Hungry]:
    kind = type("Hungry", (Hungry,), {})
    monkeypatch.setattr(registry, "METHODS", (dataclasses.replace(CUT, build=kind),))
    return kind


def test_a_step_that_exhausts_memory_goes_on_with_half_the_batch_from_the_last_checkpoint(
    tmp_path: Path, hungry: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hungry.in_peace = 2
    stop_after(monkeypatch, 6)  # asked at every beginning too
    options = ["--images", "99", "--batch", "8", "--checkpoint-every", "16", "--progress", "json"]
    assert fit.main(arguments(tmp_path, *options)) == ExitStatus.INTERRUPTED
    told = events(capsys.readouterr().out)
    assert [line["sentence"] for line in told if line["event"] == "warning"] == [
        "not enough memory on cpu for a batch of 8; continuing with 4 after 16 images",
        "not enough memory on cpu for a batch of 4; continuing with 2 after 16 images",
    ]
    assert [line["images"] for line in told if line["event"] == "started"] == [0, 16, 16]
    assert told[-1] == {"event": "stopped", "images": 20}
    run = RunFolder(tmp_path / "run")
    assert json.loads(run.config.read_text())["batch"] == 2
    stop_after(monkeypatch, 1)
    assert go_on(run.path) == ExitStatus.INTERRUPTED
    assert Checkpoint.load(run.latest_checkpoint()).images_seen == 22


def test_a_run_resumes_when_it_was_killed_after_its_batch_was_halved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_after(monkeypatch, 1)
    assert fit.main(arguments(tmp_path, "--images", "99", "--batch", "4")) == ExitStatus.INTERRUPTED
    path = tmp_path / "run" / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "batch": 2}))
    stop_after(monkeypatch, 1)
    assert go_on(tmp_path / "run") == ExitStatus.INTERRUPTED
    assert Checkpoint.load(RunFolder(tmp_path / "run").latest_checkpoint()).images_seen == 6


@pytest.mark.parametrize(
    "options", [["--batch", "1"], ["--batch", "2", "--negatives", "minibatch", "--patches", "1", "--no-identity"]]
)
def test_a_batch_that_cannot_be_halved_ends_the_run_in_a_sentence(
    tmp_path: Path, hungry: Any, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    hungry.fits = 0
    assert fit.main(arguments(tmp_path, "--images", "9", *options)) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith(
        f"error: There is not enough memory for a batch of {options[1]}, a crop size of 32 and a width of 4;"
    )


def test_devices_say_in_several_ways_that_memory_is_exhausted() -> None:
    assert is_exhausted(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"))
    assert is_exhausted(RuntimeError("MPS backend out of memory"))
    assert is_exhausted(RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes."))
    assert is_exhausted(RuntimeError("Storage size calculation overflowed with sizes=[9223372036854775807, 3]"))
    assert is_exhausted(MemoryError())
    assert not is_exhausted(RuntimeError("The size of tensor a must match the size of tensor b"))
    assert not is_exhausted(ValueError("out of memory"))


def test_a_preview_that_exhausts_memory_is_translated_smaller_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole, "PROBE_PIXELS", 32 * 32)
    asked: list[tuple[int, ...]] = []
    said: list[str] = []

    def translate(picture: Tensor) -> Tensor:
        asked.append(tuple(picture.shape[2:]))
        return -picture if picture.shape[2] <= 64 else torch.empty(1 << 50)

    shown = whole.Whole(torch.full((1, 3, 128, 90), 0.5), 4)
    for _ in range(2):
        translated = shown.translated(translate, said.append)
    assert asked == [(128, 92), (64, 48), (64, 48)]
    assert translated.shape == (1, 3, 128, 90) and torch.allclose(translated, torch.tensor(-0.5))
    assert len(said) == 1


DISK_FULL = {
    "metrics.jsonl": ["--preview-every", "1000"],
    "previews/images-000000003.png": ["--preview-every", "3"],
    "checkpoints/images-000000004.pt": ["--preview-every", "1000"],
}


@pytest.mark.parametrize("file", DISK_FULL)
def test_a_full_disk_ends_the_run_in_a_sentence_and_room_lets_it_go_on(
    tmp_path: Path, file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The disk is full, as far as this process can tell, from the third step on."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    asked = iter(range(100))

    def fill_the_disk() -> bool:
        if next(asked) == 3:
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
        return False

    monkeypatch.setattr(completion, "stop_on_signal", lambda: fill_the_disk)
    monkeypatch.setattr(metrics, "METRICS_SECONDS", 0 if file == "metrics.jsonl" else math.inf)
    try:
        code = fit.main(arguments(tmp_path, "--images", "99", "--checkpoint-every", "2", *DISK_FULL[file]))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert code == 2
    run = RunFolder(tmp_path / "run")
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ") and f"{run.path / file} cannot be written (File too large)" in error
    assert error.endswith("the checkpoint images-000000002.pt is intact: make room and resume the run.")
    assert [path.name for path in run.checkpoints()] == ["images-000000002.pt"]
    assert not list(run.path.rglob("*.tmp"))
    stop_after(monkeypatch, 1)
    assert go_on(run.path) == ExitStatus.INTERRUPTED
    assert Checkpoint.load(run.latest_checkpoint()).images_seen == 3


def test_a_halved_batch_keeps_every_other_option() -> None:
    config = preset_config("cut", batch=5, title="Étretat")
    assert with_half_the_batch(config) == preset_config("cut", batch=2, title="Étretat")
