"""Declares options in a dataclass: default, help, the rule for their values and the group that help shows."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import Field, dataclass, field
from typing import Any, get_args, get_type_hints

from training.errors import InputError


@dataclass(frozen=True)
class Rule:
    """Which values an option may have; ``expected`` completes the sentence "but must be ..."."""

    holds: Callable[[Any], bool]
    expected: str


COUNT = Rule(lambda value: value >= 1, "a whole number of at least 1")
POSITIVE = Rule(lambda value: value > 0, "a number above 0")
WEIGHT = Rule(lambda value: value >= 0, "a number of at least 0")
BELOW_ONE = Rule(lambda value: 0 <= value < 1, "a number from 0 to below 1")


def one_of(choices: Iterable[str]) -> Rule:
    """Returns the rule that a value must be one of the choices."""
    choices = tuple(choices)
    return Rule(lambda value: value in choices, " or ".join(choices))


def option(default: Any, text: str, rule: Rule | None = None, *, group: str = "") -> Any:
    """Returns a dataclass field that the command line offers with the help ``text``, under the heading ``group``."""
    return field(default=default, metadata={"help": text, "rule": rule, "group": group})


def options_of(kind: type[Any]) -> Iterator[Field[Any]]:
    """Yields the fields of a dataclass that the command line offers, in their order."""
    return (option for option in dataclasses.fields(kind) if "help" in option.metadata)


def types_of(kind: type[Any]) -> dict[str, type[bool] | type[int] | type[float] | type[str]]:
    """Returns the type of each option of a dataclass, by name; for an optional one, without the None."""
    hints = get_type_hints(kind)
    every = {option.name: (hints[option.name], *get_args(hints[option.name])) for option in options_of(kind)}
    return {name: next(one for one in (bool, int, float, str) if one in kinds) for name, kinds in every.items()}


def flag(name: str) -> str:
    """Returns an option's name as a command line spells it: ``--crop-size`` for ``crop_size``."""
    return f"--{name.replace('_', '-')}"


def check(holds: bool, name: str, value: object, expected: str) -> None:
    """Raises InputError unless ``holds``, with the option's name, its value and what was expected."""
    if not holds:
        raise InputError(f"{flag(name)} is {value!r}, but must be {expected}.")


def check_each(options: Any) -> None:
    """Raises InputError for the first value in a dataclass of options that breaks its rule or is not finite."""
    for declared in options_of(type(options)):
        value, rule = getattr(options, declared.name), declared.metadata["rule"]
        check(not isinstance(value, float) or math.isfinite(value), declared.name, value, "a finite number")
        if rule:
            check(rule.holds(value), declared.name, value, rule.expected)
