"""The best checkpoint by a score that is given to the loop."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import onnx
import pytest
import torch
from pleinair.common.events import ExitStatus

from tests.training.factories import tiny_config
from tests.training.known import picture
from tests.training.runs import arguments, go_on, stop_after
from training import fit
from training.computing.world import ALONE
from training.errors import InputError
from training.methods.registry import spec_of
from training.running.checkpoint import Checkpoint
from training.running.recording import build
from training.running.run import RunFolder
from training.running.score import Scorer


def score_by(monkeypatch: pytest.MonkeyPatch, scorer: Scorer) -> None:
    monkeypatch.setattr(build, "choose_scorer", lambda config, batches: scorer)


def given(*scores: float) -> Scorer:
    """These scores one after the other, whatever the translations."""
    left: Iterator[float] = iter(scores)
    return lambda translate: next(left)


def scores_of(run: Path) -> dict[int, float]:
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return {int(row["images"]): row["swd"] for row in rows if "swd" in row}


def test_the_best_checkpoint_is_kept_beside_the_last_and_can_be_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    score_by(monkeypatch, given(3, 1, 2, 1))
    options = ["--images", "7", "--evaluate-every", "2", "--checkpoint-every", "2", "--export-best"]
    assert fit.main(arguments(tmp_path, *options)) == 0
    run = RunFolder(tmp_path / "run")
    assert scores_of(run.path) == {2: 3, 4: 1, 6: 2, 7: 1}  # the end is scored in any case
    best = Checkpoint.load(run.best)
    assert (best.images_seen, best.score, run.best_score()) == (4, 1, 1)
    assert [path.name for path in run.checkpoints()] == ["images-000000006.pt", "images-000000007.pt"]
    told = {entry.key: entry.value for entry in onnx.load(run.filter).metadata_props}
    assert told["pleinair.images_seen"] == "4"


def test_a_resumed_run_knows_its_best_score(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    score_by(monkeypatch, given(1))
    stop_after(monkeypatch, 3)
    assert fit.main(arguments(tmp_path, "--images", "9", "--evaluate-every", "2")) == ExitStatus.INTERRUPTED
    score_by(monkeypatch, given(2, 0.5))
    stop_after(monkeypatch, 1)
    assert go_on(tmp_path / "run") == ExitStatus.INTERRUPTED
    assert Checkpoint.load(RunFolder(tmp_path / "run").best).images_seen == 2
    stop_after(monkeypatch, 2)
    assert go_on(tmp_path / "run") == ExitStatus.INTERRUPTED
    assert Checkpoint.load(RunFolder(tmp_path / "run").best).images_seen == 6


def test_translations_are_scored_as_the_filter_will_make_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    score_by(monkeypatch, lambda translate: seen.append(translate(picture(1, 32, 32))) or 0.0)  # type: ignore[func-returns-value]
    stop_after(monkeypatch, 2)
    assert (
        fit.main(arguments(tmp_path, "--images", "9", "--evaluate-every", "2", "--ema", "0.9"))
        == ExitStatus.INTERRUPTED
    )
    checkpoint = Checkpoint.load(RunFolder(tmp_path / "run").best)
    method = spec_of("cut").build(checkpoint.config, torch.device("cpu"), ALONE)
    method.networks["generator"].load_state_dict(dict(checkpoint.networks["generator_ema"]))
    assert torch.equal(seen[0], method.translate(picture(1, 32, 32)))


def test_scores_are_patch_distances_and_alike_after_a_break(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ["--images", "20", "--evaluate-every", "3", "--checkpoint-every", "4"]
    for name, stops in (("broken", 4), ("unbroken", 9)):
        stop_after(monkeypatch, stops)
        assert fit.main(arguments(tmp_path / name, *options)) == ExitStatus.INTERRUPTED
    stop_after(monkeypatch, 5)
    assert go_on(tmp_path / "broken" / "run") == ExitStatus.INTERRUPTED
    broken, unbroken = (RunFolder(tmp_path / name / "run") for name in ("broken", "unbroken"))
    assert list(scores_of(broken.path)) == [3, 6, 9]
    assert scores_of(broken.path) == scores_of(unbroken.path)
    assert broken.best_score() == unbroken.best_score()
    # Thousandths of a standard deviation; grey translations are hundreds away from the targets.
    assert broken.best_score() == pytest.approx(min(scores_of(broken.path).values()), rel=1e-5)
    assert 10 < broken.best_score() < 10_000


def test_exporting_the_best_needs_scores() -> None:
    with pytest.raises(InputError, match=r"^--export-best needs scores; say how often"):
        tiny_config(export_best=True)


def test_a_best_checkpoint_beyond_the_point_of_resume_is_forgotten(finished_run: Path, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    shutil.copytree(finished_run, run.path)
    run.save_best(dataclasses.replace(Checkpoint.load(run.latest_checkpoint()), score=1.0))
    run.forget_best_after(6)
    assert run.best_score() == 1.0
    run.forget_best_after(5)
    assert not run.best.exists()
