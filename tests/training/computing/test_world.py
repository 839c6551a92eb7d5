"""Two processes on the CPU, started by torchrun."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.training.factories import TINY_ARGUMENTS, two_folders
from training.computing.world import ALONE, World
from training.running.checkpoint import Checkpoint
from training.running.run import RunFolder

TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def program(*arguments: str, processes: int = 1) -> subprocess.CompletedProcess[str]:
    launcher = TORCHRUN if processes == 2 else []
    command = [sys.executable, *launcher, "-m", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=240)


def joint_step(name: str, file: Path, processes: int) -> dict[str, torch.Tensor]:
    done = program("tests.training.computing.joint_step", name, str(file), processes=processes)
    assert done.returncode == 0, done.stderr
    saved: dict[str, torch.Tensor] = torch.load(file)
    return saved


@pytest.mark.parametrize("name", ["cut", "bank", "sincut"])
def test_two_processes_have_the_gradients_of_one_with_the_joint_batch(name: str, tmp_path: Path) -> None:
    """R1, negatives from the whole minibatch and banks included."""
    one, two = (joint_step(name, tmp_path / f"{processes}.pt", processes) for processes in (1, 2))
    assert one.keys() == two.keys()
    for key, value in one.items():
        torch.testing.assert_close(two[key], value, rtol=1e-6, atol=1e-9, msg=key)


def how_it_ended(folder: Path) -> list[str]:
    done = program("tests.training.computing.first_ahead", str(folder), processes=2)
    assert done.returncode == 0, done.stderr
    return [(folder / f"{rank}.txt").read_text() for rank in range(2)]


def test_what_the_first_process_prepares_is_there_for_the_others(tmp_path: Path) -> None:
    assert how_it_ended(tmp_path) == ["prepared it", "prepared"]


def test_the_others_are_told_that_the_first_process_failed(tmp_path: Path) -> None:
    (tmp_path / "fail").touch()
    assert how_it_ended(tmp_path) == ["InputError: there is no room", "FirstFailed: "]


def test_the_noise_of_two_processes_is_that_of_one_with_the_joint_batch() -> None:
    pictures = torch.zeros(4, 3, 5, 6)
    drawn = []
    for world, share in ((ALONE, pictures), (World(0, 2), pictures[:2]), (World(1, 2), pictures[2:])):
        torch.manual_seed(0)
        drawn.append(world.draw_noise(share))
    assert torch.equal(torch.cat(drawn[1:]), drawn[0])


def test_a_process_alone_goes_ahead_at_once() -> None:
    with pytest.raises(ZeroDivisionError), ALONE.first_ahead():
        raise ZeroDivisionError
    with ALONE.first_ahead():
        assert ALONE.share_of(3) == range(3)


def test_a_run_that_cannot_be_resumed_says_so_once(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text("{")
    done = program("training.fit", "--resume", str(tmp_path / "run"), "--device", "cpu", processes=2)
    assert done.returncode == 1  # torchrun's own
    assert done.stderr.count("error: ") == done.stderr.count("config.json is damaged; restore it") == 1


@pytest.mark.slow
def test_a_run_of_two_processes_trains_resumes_and_exports_once(tmp_path: Path) -> None:
    run = tmp_path / "run"
    options = [*two_folders(tmp_path), *TINY_ARGUMENTS, "--batch", "4", "--device", "cpu", "--images", "16"]
    first = program("training.fit", *options, "--output", str(run), processes=2)
    assert first.returncode == 0, first.stderr
    assert first.stdout.count("Training cut on cpu") == 1
    assert (run / "filter.onnx").is_file()
    again = program("training.fit", "--resume", str(run), "--images", "24", "--device", "cpu", processes=2)
    assert again.returncode == 0, again.stderr
    assert Checkpoint.load(RunFolder(run).latest_checkpoint()).images_seen == 24


def test_a_batch_that_cannot_be_shared_is_refused(tmp_path: Path) -> None:
    options = [*two_folders(tmp_path), *TINY_ARGUMENTS, "--batch", "3", "--device", "cpu", "--images", "3"]
    done = program("training.fit", *options, "--output", str(tmp_path / "run"), processes=2)
    assert "error: --batch is 3, but 2 processes share it; give a multiple of 2." in done.stderr
    assert not (tmp_path / "run").exists()
