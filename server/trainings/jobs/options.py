"""Checks the presets and options that a caller gives for the trainer, and turns them into a command line."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from pleinair.common.training_options import OPTIONS as TRAINERS
from pleinair.common.training_options import PRESETS

from server.errors import Reason, Refusal

LONGEST_VALUE = 500  # characters

MOST_DIGITS = 18  # of a whole number, so that the trainer's libraries can hold it

_EXPECTED = {
    int: f"a whole number of at most {MOST_DIGITS} digits",
    float: "a number that is not infinite",
    bool: "true or false",
    str: f"a text of at most {LONGEST_VALUE} characters on one line",
}

# Options that the server sets itself, or that only add files to the run's folder.
_KEPT_BACK = frozenset({"source", "target", "identifier", "title", "tensorboard"})
OPTIONS: Mapping[str, type] = {name: kind for name, kind in TRAINERS.items() if name not in _KEPT_BACK}


def check_preset(preset: str) -> str:
    """Returns the preset, or the default one for an empty text. Raises Refusal for an unknown preset."""
    if preset and preset not in PRESETS:
        raise Refusal(
            Reason.BAD_OPTION,
            f"There is no preset {preset[:40]!r} for single pictures; give one of {', '.join(PRESETS)}.",
            field="header.preset",
        )
    return preset or PRESETS[0]


def check_options(given: Mapping[str, str]) -> dict[str, str]:
    """Returns the options under their names on a command line. Raises Refusal for the first that is not passed on to
    the trainer or has a value of the wrong type.

    Whether a value makes sense is for the trainer to decide.
    """
    checked: dict[str, str] = {}
    for name, value in sorted(given.items()):
        plain = name.replace("_", "-")
        if plain not in OPTIONS:
            raise _refusal(name, f"There is no option {name[:40]!r} that this server passes on to the trainer")
        if not _fits(value, OPTIONS[plain]):
            expected = _EXPECTED[OPTIONS[plain]]
            raise _refusal(name, f"The option {plain} is {value[:40]!r}, but must be {expected}")
        checked[plain] = value
    return checked


def arguments(options: Mapping[str, str]) -> Iterator[str]:
    """Yields checked options as arguments of a command line."""
    for name, value in options.items():
        if OPTIONS[name] is bool:
            yield f"--{name}" if value == "true" else f"--no-{name}"
        else:
            yield f"--{name}={value}"


def _fits(value: str, kind: type) -> bool:
    if len(value) > LONGEST_VALUE or not value.isprintable():
        return False
    if kind is bool:
        return value in ("true", "false")
    try:
        return _is_held(kind(value))
    except ValueError:
        return False


def _is_held(value: object) -> bool:
    if isinstance(value, int):
        return len(str(abs(value))) <= MOST_DIGITS
    return not isinstance(value, float) or math.isfinite(value)


def _refusal(name: str, problem: str) -> Refusal:
    return Refusal(
        Reason.BAD_OPTION,
        f"{problem}; python -m training.fit --help explains the options, of which those about files are not allowed.",
        field=f"header.options[{name[:40]}]",
    )
