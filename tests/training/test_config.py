from __future__ import annotations

import dataclasses
import json
from types import SimpleNamespace
from typing import Any

import pytest

from training.errors import InputError
from training.methods.cut.options import CutOptions
from training.methods.registry import config_from_json, configure, preset_config, presets
from training.running.options import new_config


def test_defaults_are_those_of_the_paper() -> None:
    cut, fastcut = (SimpleNamespace(**preset_config(name).values()) for name in ("cut", "fastcut"))
    assert (cut.nce_weight, cut.identity, cut.flip_equivariance, cut.epochs, cut.decay_share) == (
        1,
        True,
        False,
        400,
        0.5,
    )
    assert (fastcut.nce_weight, fastcut.identity, fastcut.flip_equivariance) == (10, False, True)
    assert (fastcut.epochs, fastcut.decay_share) == (200, 0.25)
    assert (cut.patches, cut.temperature, cut.learning_rate, cut.beta1, cut.beta2) == (256, 0.07, 2e-4, 0.5, 0.999)


def test_the_quick_sincut_has_the_losses_of_the_papers_and_smaller_networks() -> None:
    paper, quick = (SimpleNamespace(**preset_config(name).values()) for name in ("sincut", "sincut-quick"))
    weights = [option.name for option in dataclasses.fields(CutOptions) if option.name.endswith("_weight")]
    for name in (*weights, "identity", "adversarial", "negatives", "architecture", "strategy", "crop_size"):
        assert getattr(quick, name) == getattr(paper, name), name
    for name in ("width", "blocks", "discriminator_width", "batch"):
        assert getattr(quick, name) < getattr(paper, name), name


def test_a_length_in_epochs_takes_the_place_of_a_presets_length_in_pictures() -> None:
    options = {"preset": "sincut-quick", "source": "a", "target": "b"}
    assert new_config({**options, "epochs": 3}).images is None
    assert new_config(dict(options)).images == presets()["sincut-quick"]["images"]


def test_options_survive_being_saved() -> None:
    config = preset_config("fastcut", title="Étretat", images=7)
    assert config_from_json(config.to_json()) == config


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"crop_size": 30}, "--crop-size is 30, but must be a multiple of 4 from 32."),
        ({"load_size": 128}, "--load-size is 128, but must be at least the crop size, 256."),
        ({"load_size": 128, "strategy": "fit"}, "--load-size is 128, but must be at least the crop size, 256."),
        ({"strategy": "stretch"}, "--strategy is 'stretch', but must be resize or fit or crop or patch."),
        ({"zoom_min": 0}, "--zoom-min is 0, but must be a number above 0, at most 1."),
        ({"zoom_per": "epoch"}, "--zoom-per is 'epoch', but must be patch or batch."),
        ({"background": "beige"}, "--background is 'beige', but must be white, black or a colour like '#f0e6d2'."),
        (
            {"source_channels": 5},
            "--source-channels is 5, but must be one of 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.",
        ),
        (
            {"source_channels": 1},
            "The identity loss gives target pictures to the generator, but --source-channels is 1 and "
            "--target-channels is 3; turn it off by --no-identity, or give both the same channels.",
        ),
        ({"adversarial": "wgan"}, "--adversarial is 'wgan', but must be lsgan or nonsaturating."),
        ({"preview_seconds": -1.0}, "--preview-seconds is -1.0, but must be a number of seconds, or 0 for off."),
        ({"batch": 0}, "--batch is 0, but must be a whole number of at least 1."),
        ({"images": 0}, "--images is 0, but must be a whole number of at least 1."),
        ({"identifier": "Étretat"}, "--identifier is 'Étretat', but must be 1 to 64 lower-case letters"),
    ],
)
def test_a_value_that_cannot_work_is_named_with_what_can(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=f"^{sentence}"):
        configure(options)


def test_black_and_white_travel_with_the_options_and_black_is_below_white() -> None:
    config = preset_config("cut", black=-1024, white=1976)
    assert config_from_json(config.to_json()) == config
    with pytest.raises(InputError, match=r"--black and --white do not fit: black is 5 and white 5, but black must be"):
        preset_config("cut", black=5, white=5)


def test_the_load_size_matters_only_where_it_is_used() -> None:
    for strategy in ("crop", "patch"):
        assert preset_config("cut", strategy=strategy, load_size=1).load_size == 1


def test_channels_may_differ_without_the_identity_loss() -> None:
    assert preset_config("cut", source_channels=1, identity=False).target_channels == 3


@pytest.mark.parametrize(
    "options", [{"seed": -1}, {"seed": 2**63}, {"learning_rate": float("inf")}, {"nce_weight": float("nan")}]
)
def test_numbers_beyond_all_bounds_are_refused(options: dict[str, Any]) -> None:
    (name,) = options
    with pytest.raises(InputError, match=f"--{name.replace('_', '-')} is .*, but must be"):
        configure(options)


def test_options_of_another_version_are_named_and_missing_ones_are_the_defaults() -> None:
    older = {"method": "cut", "width": 8}
    assert config_from_json(json.dumps(older)) == preset_config("cut", width=8)
    with pytest.raises(InputError, match="another version of Pleinair, with the option telepathy"):
        config_from_json(json.dumps({**older, "telepathy": True}))
