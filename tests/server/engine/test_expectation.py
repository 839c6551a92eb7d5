"""What is sure to come before a picture."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from server.engine.expectation import least_seconds
from server.engine.pace import Pace

PIXELS = 1000 * 1000


@dataclass(frozen=True)
class Waiting:
    client: str
    pixels_left: float = PIXELS / 2
    holds_device: bool = False
    seconds: float = 3.0

    def least_seconds_left(self, now: float) -> float:
        return self.seconds


@pytest.fixture
def pace() -> Pace:
    pace = Pace()
    pace.learn(PIXELS, 2.0, whole=True)
    return pace


def test_nothing_is_certain_of_a_filter_that_has_computed_nothing() -> None:
    assert least_seconds("a", PIXELS, Pace(), [Waiting("a")], 0) is None


def test_an_idle_device_takes_what_the_filter_takes(pace: Pace) -> None:
    assert least_seconds("a", PIXELS, pace, [], 0) == pytest.approx(2)


@pytest.mark.parametrize(
    ("other", "more"),
    [
        (Waiting("a"), 3),
        (Waiting("a", pixels_left=2 * PIXELS), 0),
        (Waiting("b"), 0),
        (Waiting("b", pixels_left=2 * PIXELS, holds_device=True), 3),
    ],
    ids=["own smaller one", "own larger one", "another's", "one that is computed whole"],
)
def test_only_what_is_sure_to_come_before_it_counts(pace: Pace, other: Waiting, more: float) -> None:
    assert least_seconds("a", PIXELS, pace, [other], 0) == pytest.approx(2 + more)
