"""What is due by time, on a clock that only the tests move."""

from __future__ import annotations

import pytest

from training.running.recording.pace import Pace, TimeLeft


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def times(pace: Pace, clock: Clock, *, takes: float, until: float) -> list[float]:
    """When it was done, in seconds from the start, each time ``takes`` seconds; looked at every half second."""
    began, done = clock.now, []
    while clock.now < began + until:
        if pace.due:
            done.append(clock.now - began)
            with pace.measured():
                clock.now += takes
        clock.now += 0.5
    return done


def test_a_preview_is_due_at_once_and_then_as_often_as_asked_for() -> None:
    clock = Clock()
    assert times(Pace(5, thinning=True, clock=clock), clock, takes=0, until=21) == [0, 5, 10, 15, 20]


def test_a_checkpoint_is_due_only_after_its_time() -> None:
    clock = Clock()
    assert times(Pace(5, clock=clock), clock, takes=0, until=21) == [5, 10, 15, 20]


def test_what_takes_long_costs_a_tenth_of_the_time_at_most() -> None:
    clock = Clock()
    assert times(Pace(5, thinning=True, clock=clock), clock, takes=4, until=100) == [0, 40, 80]


@pytest.mark.parametrize("hours", [0.25, 1, 10])
def test_a_run_of_any_length_leaves_a_few_dozen_previews(hours: float) -> None:
    clock = Clock()
    assert 24 <= len(times(Pace(5, thinning=True, clock=clock), clock, takes=0.1, until=hours * 3600)) <= 72


def test_no_seconds_are_never() -> None:
    clock = Clock()
    assert times(Pace(0, thinning=True, clock=clock), clock, takes=0, until=100) == []


def test_the_time_left_follows_the_pace_after_the_first_step_without_the_previews() -> None:
    clock = Clock()
    left = TimeLeft(10, 110, clock=clock)
    clock.now += 30  # compiles
    left.stepped(20)
    assert left.seconds(20) == 30 / 10 * 90
    with left.paused():
        clock.now += 50
    for images in (30, 40):
        clock.now += 1
        left.stepped(images)
    assert left.seconds(40) == pytest.approx(7)
    assert left.seconds(120) == 0
