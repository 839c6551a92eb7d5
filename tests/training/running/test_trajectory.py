"""A run that was broken off, by any means and at any moment, ends as the unbroken one does, bit for bit."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from pleinair.common.events import ExitStatus

from tests.training.attempts import Attempts, wait_until
from tests.training.runs import arguments, go_on, stop_after
from training import fit
from training.running.checkpoint import Checkpoint
from training.running.run import RunFolder

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


# At the width of the other methods' networks, this one's has a hundred times their weights.
SINCUT = ["--preset", "sincut", "--ema", "0.99", "--batch", "2", "--width", "1", "--discriminator-width", "1"]
VARIANTS = {
    "cut": ["--preset", "cut"],
    "fastcut": ["--preset", "fastcut"],
    "average": ["--preset", "cut", "--ema", "0.99"],
    "bank": ["--preset", "cut", "--negatives", "image+bank", "--bank-size", "40"],
    "sincut": SINCUT,
}


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS)
@pytest.mark.parametrize("steps", [3, 4, 7])
def test_a_run_stopped_halfway_and_resumed_equals_an_unbroken_one(
    tmp_path: Path, steps: int, options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    length = ["--images", "30", *EVERY]
    for name, stops in (("broken", steps), ("unbroken", 2 * steps)):
        stop_after(monkeypatch, stops)
        assert fit.main(arguments(tmp_path / name, *options, *length)) == ExitStatus.INTERRUPTED
    stop_after(monkeypatch, steps)
    assert go_on(tmp_path / "broken" / "run") == ExitStatus.INTERRUPTED
    assert_ended_alike(tmp_path / "broken" / "run", tmp_path / "unbroken" / "run")


def test_batches_that_do_not_divide_the_length_resume_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ["--images", "11", "--batch", "3", "--ema", "0.99", *EVERY]
    for name, stops in (("broken", 2), ("unbroken", 3)):
        stop_after(monkeypatch, stops)
        assert fit.main(arguments(tmp_path / name, *options)) == ExitStatus.INTERRUPTED
    stop_after(monkeypatch, 1)
    assert go_on(tmp_path / "broken" / "run") == ExitStatus.INTERRUPTED
    assert_ended_alike(tmp_path / "broken" / "run", tmp_path / "unbroken" / "run")


@pytest.mark.slow
def test_twenty_kills_at_random_moments_change_nothing(tmp_path: Path) -> None:
    """Five in its start, ten while it trains, saves and draws previews, five while it exports."""
    chance = random.Random(0)
    options = ["--preset", "fastcut", "--images", "60", "--ema", "0.99", *EVERY]
    attempts = Attempts(tmp_path)
    unbroken = attempts.start(arguments(tmp_path / "unbroken", *options))
    wait_until(lambda: "Training" in attempts.said(), unbroken)
    began = time.monotonic()
    attempts.finish(unbroken)
    seconds = time.monotonic() - began
    run = tmp_path / "broken" / "run"
    for kill in range(20):
        # A start that was killed before it wrote its options has left no run.
        resumed = (run / "config.json").exists()
        process = attempts.start(
            ["--resume", str(run), "--device", "cpu"] if resumed else arguments(tmp_path / "broken", *options)
        )
        if kill >= 5:
            wait_until(lambda: "Training" in attempts.said(), process)
        if kill >= 15:
            wait_until((run / "checkpoints/images-000000060.pt").exists, process)
        share = 0.01 if kill < 5 else 0.05 if kill < 15 else 0.3
        time.sleep(chance.uniform(0, share * seconds))
        process.kill()
        process.join()
        assert process.exitcode == -9, attempts.said()
        for checkpoint in RunFolder(run).checkpoints():
            Checkpoint.load(checkpoint)
    attempts.finish(attempts.start(["--resume", str(run), "--device", "cpu"]))

    assert_ended_alike(run, tmp_path / "unbroken" / "run")
    images = [json.loads(line)["images"] for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert images == sorted(set(images))
    assert images[-1] == 60
    assert (run / "filter.onnx").read_bytes() == (tmp_path / "unbroken" / "run" / "filter.onnx").read_bytes()
    assert not list(run.rglob("*.tmp"))


def test_previews_and_checkpoints_by_time_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    by_time = ["--preview-seconds", "0.001", "--checkpoint-seconds", "0.001"]
    for name, options, stops in (("broken", by_time, 3), ("unbroken", ["--preview-every", "1000"], 6)):
        stop_after(monkeypatch, stops)
        assert fit.main(arguments(tmp_path / name, *SINCUT, "--images", "30", *options)) == ExitStatus.INTERRUPTED
    stop_after(monkeypatch, 3)
    assert go_on(tmp_path / "broken" / "run") == ExitStatus.INTERRUPTED
    assert_ended_alike(tmp_path / "broken" / "run", tmp_path / "unbroken" / "run")
    previews = {path.name for path in (tmp_path / "broken" / "run" / "previews").iterdir()}
    assert {"source.png", "images-000000002.png", "images-000000008.png"} <= previews
