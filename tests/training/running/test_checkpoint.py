from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.full_disk import files_limited_to
from tests.training.factories import tiny_config
from tests.training.known import picture
from training.errors import InputError
from training.methods.cut.step import Cut
from training.running.checkpoint import Checkpoint
from training.running.run import RunFolder

CPU = torch.device("cpu")


def checkpoint_of(method: Cut, images_seen: int = 1) -> Checkpoint:
    return Checkpoint.of(
        method, method.config, images_seen=images_seen, sample=picture(3, 32, 32), data_fingerprint="f"
    )


def losses_of_a_step(method: Cut) -> list[float]:
    return [loss.item() for loss in method.step(picture(1, 32, 32), picture(2, 32, 32)).values()]


def test_a_restored_method_goes_on_as_the_saved_one_would(tmp_path: Path) -> None:
    method = Cut(tiny_config("fastcut"), CPU)
    losses_of_a_step(method)
    checkpoint_of(method).save(tmp_path / "a.pt")
    expected = [losses_of_a_step(method) for _ in range(3)]

    restored = Cut(tiny_config("fastcut"), CPU)
    Checkpoint.load(tmp_path / "a.pt").restore(restored)
    assert [losses_of_a_step(restored) for _ in range(3)] == expected


@pytest.mark.parametrize("choice", [{"fused": True}, {"fused": False}, {"foreach": True}])
def test_a_resumed_optimiser_computes_as_the_resuming_run_asks(choice: dict[str, bool], tmp_path: Path) -> None:
    saved, resumed = adam_of(fused=not choice.get("fused", True)), adam_of(**choice)
    losses_of_a_step(saved)
    checkpoint_of(saved).save(tmp_path / "a.pt")

    Checkpoint.load(tmp_path / "a.pt").restore(resumed)
    losses_of_a_step(resumed)
    for optimiser in resumed.optimisers.values():
        assert {name: optimiser.param_groups[0][name] for name in choice} == choice
        assert {state["step"].item() for state in optimiser.state.values()} == {2}


def adam_of(**choice: Any) -> Cut:
    """A method whose optimisers compute as ``choice`` says."""
    method = Cut(tiny_config("fastcut"), CPU)
    for name, optimiser in method.descent.optimisers.items():
        parameters = method.descent.networks[name].parameters()
        group = {key: optimiser.defaults[key] for key in ("lr", "betas")}
        method.descent.optimisers[name] = torch.optim.Adam(parameters, **group, **choice)
    return method


def test_a_checkpoint_brings_its_options_along(tmp_path: Path) -> None:
    config = tiny_config(title="Étretat", images=3)
    checkpoint_of(Cut(config, CPU)).save(tmp_path / "a.pt")
    assert Checkpoint.load(tmp_path / "a.pt").config == config


def test_a_damaged_checkpoint_is_refused_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "a.pt"
    checkpoint_of(Cut(tiny_config(), CPU)).save(file)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(InputError, match="is damaged or not a checkpoint of Pleinair; choose another checkpoint"):
        Checkpoint.load(file)


class Evil:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.mark,)


def test_a_checkpoint_runs_no_code(tmp_path: Path) -> None:
    torch.save({"format": 1, "evil": Evil(tmp_path / "mark")}, tmp_path / "a.pt", pickle_module=pickle)
    with pytest.raises(InputError, match="is damaged or not a checkpoint"):
        Checkpoint.load(tmp_path / "a.pt")
    assert not (tmp_path / "mark").exists()


def test_a_run_keeps_its_last_two_checkpoints(tmp_path: Path) -> None:
    run, method = RunFolder.create(tmp_path / "run", tiny_config()), Cut(tiny_config(), CPU)
    for images_seen in (5, 10, 15):
        run.save(checkpoint_of(method, images_seen))
    assert [path.name for path in run.checkpoints()] == ["images-000000010.pt", "images-000000015.pt"]
    assert run.latest_checkpoint().name == "images-000000015.pt"


def test_a_full_disk_leaves_the_previous_checkpoint_and_says_so(tmp_path: Path) -> None:
    run, method = RunFolder.create(tmp_path / "run", tiny_config()), Cut(tiny_config(), CPU)
    run.save(checkpoint_of(method, 5))
    with (
        files_limited_to(10_000),
        pytest.raises(InputError, match=r"cannot be written \(.*\); the checkpoint images-000000005.pt is intact"),
    ):
        run.save(checkpoint_of(method, 10))
    assert Checkpoint.load(run.latest_checkpoint()).images_seen == 5
    assert len(list((run.path / "checkpoints").iterdir())) == 1


def test_a_folder_that_is_no_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is not a training run; name a folder that training.fit wrote"):
        RunFolder(tmp_path).latest_checkpoint()
