"""Sidecars as people and programs should not write them."""

from __future__ import annotations

import time
from random import Random

from server.errors import FilterProblem
from server.filters.sidecar import read_sidecar
from tests.factories import SIDECAR
from tests.fuzz.dice import TEXTS, mutated, shuffled
from tests.fuzz.holding import Broken, check_text

_LONGEST = 1000  # characters of a sentence
_MOST_SECONDS = 2.0  # of the processor
_LINES = (
    'channels = "BGR"',
    'output_channels = "RGB"',
    "mean = [0.485, 0.456, 0.406]",
    "std = 0.5",
    "output_mean = 1",
    "output_range = [0, 1]",
    'licence = "CC0"',
    "[inputs]",
    "strength = [[0.5]]",
)
_KEYS = ("input", "layout", "range", "multiple", "title", "mean", "inputs", "nope", '"ü\\u202e"', "a.b.c", "a" * 3000)


class Sidecars:
    """An attempt is a sidecar that is read or refused."""

    def attempt(self, dice: Random) -> None:
        """Raises Broken when neither happens, when the sentence is no short one, or it takes long."""
        contents, began = sidecar(dice), time.process_time()
        try:
            read_sidecar("filter.toml", contents)
        except FilterProblem as problem:
            _check_sentence(problem.sentence, contents)
        if time.process_time() - began > _MOST_SECONDS:
            raise Broken(f"A sidecar took {time.process_time() - began:.1f} seconds: {contents[:300]!r}")


def sidecar(dice: Random) -> bytes:
    """One that is right but for a line or some bytes, if at all."""
    lines = [*SIDECAR.strip().splitlines(), *dice.sample(_LINES, dice.randrange(4))]
    for _ in range(dice.randrange(3)):
        lines.insert(dice.randint(0, len(lines)), f"{dice.choice(_KEYS)} = {_value(dice)}")
    contents = b"\n".join(shuffled([line.encode() for line in lines], dice))
    return mutated(contents, dice) if dice.random() < 0.4 else contents


def _value(dice: Random) -> str:
    nested = dice.choice((1, 5, 50, 200, 3000))
    return dice.choice(
        (
            f"'''{dice.choice(TEXTS)}'''",
            str(dice.choice((0, -1, 1 << 70, 1e308, float("inf"), float("nan")))),
            "9" * dice.choice((20, 5000)),
            "0x" + "f" * dice.choice((20, 5000)),
            "1e" + "9" * 20,
            "[" * nested + "]" * nested,
            "{a = " * nested + "1" + "}" * nested,
            "[" + "1, " * dice.choice((3, 5000)) + "]",
            "1979-05-27T07:32:00Z",
            "true",
            '"' + "x" * dice.choice((200, 60_000)) + '"',
        )
    )


def _check_sentence(sentence: str, contents: bytes) -> None:
    check_text(sentence)
    if not sentence.endswith(".") or len(sentence) > _LONGEST:
        raise Broken(f"A sidecar was refused with {sentence[:300]!r}...: {contents[:300]!r}")
