from __future__ import annotations

import pytest
from pleinair.common.training_options import PRESETS

from server.errors import Reason, Refusal
from server.trainings.jobs.options import OPTIONS, arguments, check_options, check_preset

# What the server gives itself, and what says where files lie or how the process runs.
KEPT_BACK = {"source", "target", "identifier", "title", "tensorboard"}


def refusal(name: str, value: str) -> Refusal:
    with pytest.raises(Refusal) as caught:
        check_options({name: value})
    return caught.value


def test_every_option_of_the_trainer_is_passed_on_with_its_type_or_kept_back() -> None:
    from training.config import FitConfig
    from training.methods.registry import spec_of
    from training.rules import types_of

    known = types_of(FitConfig) | types_of(spec_of("sincut").options)
    plain = {name.replace("_", "-"): kind for name, kind in known.items() if name not in KEPT_BACK}
    assert plain == OPTIONS


def test_the_trainer_has_the_presets() -> None:
    from training.methods.registry import presets

    assert set(PRESETS) <= presets().keys()


def test_options_become_a_command_line() -> None:
    checked = check_options({"images": "4000", "learning_rate": "0.002", "identity": "false", "mirror": "true"})
    assert list(arguments(checked)) == ["--no-identity", "--images=4000", "--learning-rate=0.002", "--mirror"]


@pytest.mark.parametrize(
    "name", ["source", "output", "resume", "device", "cache", "dataroot", "dry-run", "progress", "nope", "", "--images"]
)
def test_an_option_that_is_not_about_training_is_refused_by_name(name: str) -> None:
    error = refusal(name, "1")
    assert error.reason is Reason.BAD_OPTION
    assert error.field == f"header.options[{name}]" and repr(name) in error.sentence


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("images", "many", "a whole number"),
        ("images", "1.5", "a whole number"),
        ("images", "9" * 19, "a whole number of at most 18 digits"),
        ("images", "-" + "9" * 400, "a whole number of at most 18 digits"),
        ("batch", "9" * 500, "a whole number of at most 18 digits"),
        ("ema", "x", "a number"),
        ("ema", "9" * 400, "a number that is not infinite"),
        ("learning-rate", "1e400", "a number that is not infinite"),
        ("learning-rate", "-inf", "a number that is not infinite"),
        ("learning-rate", "nan", "a number that is not infinite"),
        ("identity", "no", "true or false"),
        ("description", "two\nlines", "a text"),
        ("description", "x" * 501, "a text"),
    ],
)
def test_a_value_of_another_type_is_told_what_was_expected(name: str, value: str, expected: str) -> None:
    assert f"but must be {expected}" in refusal(name, value).sentence


def test_an_unknown_preset_is_answered_with_those_there_are() -> None:
    with pytest.raises(Refusal, match="sincut-quick, sincut"):
        check_preset("cut")
    assert check_preset("") == "sincut-quick"
