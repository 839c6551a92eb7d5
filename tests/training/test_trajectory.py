"""A run that was broken off, by any means and at any moment, ends as the unbroken one does, bit for bit."""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.test_fit import arguments, start
from tests.training.test_resume import go_on, stop_after
from training import fit
from training.checkpoint import Checkpoint
from training.run import RunFolder

EVERY = ["--checkpoint-every", "4", "--preview-every", "3"]


def assert_same(one: Any, other: Any, where: str) -> None:
    """Tensors bit for bit, everything else as equal."""
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other), where
    elif isinstance(one, Mapping):
        assert one.keys() == other.keys(), where
        for name in one:
            assert_same(one[name], other[name], f"{where} {name}")
    elif isinstance(one, list | tuple):
        for index, (mine, its) in enumerate(zip(one, other, strict=True)):
            assert_same(mine, its, f"{where} {index}")
    else:
        assert one == other, where


def assert_ended_alike(broken: Path, unbroken: Path) -> None:
    ends = [Checkpoint.load(RunFolder(run).latest_checkpoint()) for run in (broken, unbroken)]
    for name in ("images_seen", "networks", "optimisers", "random", "sample", "data_fingerprint"):
        assert_same(getattr(ends[0], name), getattr(ends[1], name), name)


VARIANTS = {
    "cut": ["--preset", "cut"],
    "fastcut": ["--preset", "fastcut"],
    "average": ["--preset", "cut", "--ema", "0.99"],
    "bank": ["--preset", "cut", "--negatives", "image+bank", "--bank-size", "40"],
    "sincut": ["--preset", "sincut", "--ema", "0.99", "--batch", "2"],
}


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS)
@pytest.mark.parametrize("steps", [3, 4, 7])
def test_a_run_stopped_halfway_and_resumed_equals_an_unbroken_one(
    tmp_path: Path, steps: int, options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    length = ["--images", "30", *EVERY]
    for name, stops in (("broken", steps), ("unbroken", 2 * steps)):
        stop_after(monkeypatch, stops)
        assert fit.main(arguments(tmp_path / name, *options, *length)) == fit.INTERRUPTED
    stop_after(monkeypatch, steps)
    assert go_on(tmp_path / "broken" / "run") == fit.INTERRUPTED
    assert_ended_alike(tmp_path / "broken" / "run", tmp_path / "unbroken" / "run")


def test_batches_that_do_not_divide_the_length_resume_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ["--images", "11", "--batch", "3", "--ema", "0.99", *EVERY]
    for name, stops in (("broken", 2), ("unbroken", 3)):
        stop_after(monkeypatch, stops)
        assert fit.main(arguments(tmp_path / name, *options)) == fit.INTERRUPTED
    stop_after(monkeypatch, 1)
    assert go_on(tmp_path / "broken" / "run") == fit.INTERRUPTED
    assert_ended_alike(tmp_path / "broken" / "run", tmp_path / "unbroken" / "run")


def kill_at_a_random_moment(process: subprocess.Popen[str], chance: random.Random) -> None:
    """Half of the time somewhere in its start, half of the time while it trains and saves. Returns when it is dead."""
    assert process.stdout is not None
    if chance.random() < 0.5:
        time.sleep(chance.uniform(0, 2))
    else:
        while "Training" not in process.stdout.readline():
            assert process.poll() is None, process.communicate()
        time.sleep(chance.uniform(0, 0.6))
    process.kill()
    process.communicate(timeout=60)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_twenty_kills_at_random_moments_change_nothing(tmp_path: Path) -> None:
    chance = random.Random(0)
    options = ["--preset", "fastcut", "--images", "1500", "--ema", "0.99", "--checkpoint-every", "3"]
    unbroken = start(arguments(tmp_path / "unbroken", *options))
    run = tmp_path / "broken" / "run"
    command = arguments(tmp_path / "broken", *options)
    for _ in range(20):
        # A start that was killed before it wrote its options has left no run.
        process = start(["--resume", str(run), "--device", "cpu"] if (run / "config.json").exists() else command)
        kill_at_a_random_moment(process, chance)
        assert process.returncode == -9
        for checkpoint in RunFolder(run).checkpoints():
            Checkpoint.load(checkpoint)
    last = start(["--resume", str(run), "--device", "cpu"])
    assert last.communicate(timeout=600) and last.returncode == 0
    assert unbroken.communicate(timeout=600) and unbroken.returncode == 0

    assert_ended_alike(run, tmp_path / "unbroken" / "run")
    images = [json.loads(line)["images"] for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert images == sorted(set(images))
    assert images[-1] == 1500
    assert (run / "filter.onnx").read_bytes() == (tmp_path / "unbroken" / "run" / "filter.onnx").read_bytes()
    assert not list(run.rglob("*.tmp"))


def test_previews_and_checkpoints_by_time_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sincut = ["--preset", "sincut", "--ema", "0.99", "--batch", "2", "--images", "30"]
    by_time = ["--preview-seconds", "0.001", "--checkpoint-seconds", "0.001"]
    for name, options, stops in (("broken", by_time, 3), ("unbroken", ["--preview-every", "1000"], 6)):
        stop_after(monkeypatch, stops)
        assert fit.main(arguments(tmp_path / name, *sincut, *options)) == fit.INTERRUPTED
    stop_after(monkeypatch, 3)
    assert go_on(tmp_path / "broken" / "run") == fit.INTERRUPTED
    assert_ended_alike(tmp_path / "broken" / "run", tmp_path / "unbroken" / "run")
    previews = {path.name for path in (tmp_path / "broken" / "run" / "previews").iterdir()}
    assert {"source.png", "images-000000002.png", "images-000000008.png"} <= previews
