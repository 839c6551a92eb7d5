"""Runs that go wrong, in made-up numbers and for real."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import pytest
import torch
from pleinair.common.events import ExitStatus

from tests.training.known import picture
from tests.training.runs import arguments, stop_after
from training import fit
from training.methods.cut.spec import CUT
from training.methods.registry import preset_config
from training.running import guard
from training.running.checkpoint import Checkpoint
from training.running.guard import Diverged, Guard
from training.running.recording import build
from training.running.run import RunFolder

SOURCES = torch.cat([picture(seed, 16, 16) for seed in range(4)])
BALANCED = {"G_GAN": 0.25, "D_real": 0.25, "D_fake": 0.25}
LSGAN = CUT.watch(preset_config("cut", nce_weight=10.0))
NONSATURATING = CUT.watch(preset_config("cut", adversarial="nonsaturating"))
UNFOOLED = {"G_GAN": 0.97, "D_real": 0.1, "D_fake": 0.02}


def look(watch: Guard, translated: torch.Tensor, losses: dict[str, float], images_seen: int = 5000) -> list[str]:
    watch.add(losses, steps=10)
    return watch.look(images_seen, SOURCES, translated)


def test_diversity_is_that_of_the_translations_by_that_of_the_sources() -> None:
    assert guard.diversity(SOURCES, SOURCES) == pytest.approx(1)
    assert guard.diversity(SOURCES, SOURCES / 4 + 0.5) == pytest.approx(0.25)
    assert guard.diversity(SOURCES, SOURCES[:1].expand(4, -1, -1, -1)) == 0
    assert guard.diversity(SOURCES[:1], SOURCES[:1]) is None


def test_measures_are_told_where_they_are_defined() -> None:
    assert guard.measures(SOURCES, SOURCES / 2) == pytest.approx(
        {"diversity": 0.5, "change": SOURCES.abs().mean().item() / 2}
    )
    assert guard.measures(SOURCES[:1], SOURCES[:1]) == {"change": 0}
    assert set(guard.measures(SOURCES, SOURCES[:, :1])) == {"diversity"}


def test_translations_that_are_one_picture_are_a_collapse() -> None:
    one = guard.diversity(SOURCES, SOURCES[:1] + 0.02 * SOURCES)
    assert "(2.0% of how their sources do)" in str(guard.collapse(one, 0.02, LSGAN))
    assert guard.collapse(0.3, 0.3, LSGAN) is None


def test_translations_that_lose_most_of_their_diversity_are_a_collapse() -> None:
    assert "(20.0% of how their sources do, after 90.0%)" in str(guard.collapse(0.2, 0.9, LSGAN))
    assert guard.collapse(0.3, 0.9, LSGAN) is None
    watch = Guard(LSGAN)
    assert look(watch, SOURCES * -1.0, BALANCED) == []
    assert len(look(watch, SOURCES * -0.2, BALANCED)) == 1


def test_sources_that_come_back_and_fool_nobody_are_the_identity() -> None:
    identity = partial(guard.identity, SOURCES, watch=LSGAN)
    assert "smaller --nce-weight (it is 10)" in str(identity(SOURCES + 0.01, UNFOOLED))
    assert identity(SOURCES + 0.01, BALANCED) is None
    assert identity(SOURCES + 0.2, UNFOOLED) is None
    assert identity(SOURCES, {}) is None


def test_a_discriminator_that_is_right_about_everything_wins_outright() -> None:
    assert guard.outright({"D_real": 0.01, "D_fake": 0.02}, LSGAN) is not None
    assert guard.outright({"D_real": 0.2, "D_fake": 0.02}, LSGAN) is None
    assert guard.outright({"D_real": 0.1, "D_fake": 0.1}, NONSATURATING) is not None


def test_a_warning_is_said_once_for_as_long_as_it_holds() -> None:
    watch = Guard(LSGAN)
    one = SOURCES[:1].expand(4, -1, -1, -1)
    said = [len(look(watch, translated, BALANCED)) for translated in (one, one, -SOURCES, one)]
    assert said == [1, 0, 0, 1]


def test_nothing_is_said_of_networks_that_have_just_begun() -> None:
    assert look(Guard(LSGAN), SOURCES, UNFOOLED, images_seen=1999) == []


def test_losses_are_judged_by_their_mean_since_the_last_look() -> None:
    watch = Guard(LSGAN)
    watch.add({"D_real": 0.0, "D_fake": 0.0}, steps=10)
    assert look(watch, -SOURCES, {"D_real": 0.2, "D_fake": 0.2}) == []
    assert len(look(watch, -SOURCES, {"D_real": 0.0, "D_fake": 0.0})) == 1


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_finite_has_diverged(value: float) -> None:
    spoilt = SOURCES.clone()
    spoilt[0, 0, 0, 0] = value
    with pytest.raises(Diverged, match="the loss G is"):
        guard.check_losses({"G_GAN": 1.0, "G": value}, 7)
    with pytest.raises(Diverged, match="weights of the head are not finite after 7 images"):
        guard.check_weights({"generator": {"a": SOURCES}, "head": {"a": SOURCES, "b": spoilt}}, 7)
    with pytest.raises(Diverged, match="translations are not finite"):
        look(Guard(LSGAN), spoilt, BALANCED, images_seen=1)


def test_a_run_that_diverges_stops_and_keeps_its_last_good_checkpoint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = arguments(tmp_path, "--images", "500", "--checkpoint-every", "1", "--learning-rate", "1e8")
    assert fit.main(options) == ExitStatus.DIVERGED
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: Training has diverged: ")
    assert error.endswith("begin a new run with a lower learning rate than 1e+08, or lower loss weights.")
    path = RunFolder(tmp_path / "run").latest_checkpoint()
    assert f"{path.name} is from before" in error
    guard.check_weights(Checkpoint.load(path).networks, 0)
    assert not (tmp_path / "run" / "filter.onnx").exists()


def test_a_run_that_diverges_at_once_says_that_nothing_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = arguments(tmp_path, "--images", "500", "--checkpoint-every", "1", "--learning-rate", "1e9")
    assert fit.main(options) == ExitStatus.DIVERGED
    assert "no checkpoint is from before" in capsys.readouterr().err
    assert RunFolder(tmp_path / "run").checkpoints() == []


@pytest.mark.parametrize(
    ("options", "warning"),
    [
        (["--learning-rate", "1e-9"], "the generator collapses to one picture"),  # it stays at its first grey
        (["--learning-rate", "0.002", "--gan-weight", "0"], "the discriminator wins outright"),
    ],
)
def test_a_run_that_goes_wrong_is_warned_of_once(
    tmp_path: Path,
    options: list[str],
    warning: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(build, "Guard", partial(Guard, grace_images=60))
    stop_after(monkeypatch, 150)
    assert (
        fit.main(arguments(tmp_path, "--images", "1000", "--preview-every", "30", *options)) == ExitStatus.INTERRUPTED
    )
    assert capsys.readouterr().err.count(warning) == 1
