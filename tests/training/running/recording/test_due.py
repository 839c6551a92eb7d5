"""When something is written: by images, by time, at the end and at a stop."""

from __future__ import annotations

import pytest

from tests.training.running.recording.test_pace import Clock
from training.running.recording.due import Due, Moment
from training.running.recording.pace import Pace


@pytest.mark.parametrize(("images_seen", "batch", "due"), [(9, 1, False), (10, 1, True), (12, 4, True), (13, 1, False)])
def test_it_is_due_by_the_step_that_brings_another_multiple(images_seen: int, batch: int, due: bool) -> None:
    assert Due(10).at(Moment(images_seen, batch)) == due


@pytest.mark.parametrize("when_stopped", [True, False])
def test_it_is_due_at_the_end_and_at_a_stop_on_request(when_stopped: bool) -> None:
    assert Due(10, when_stopped=when_stopped).at(Moment(11, 1, ended=True))
    assert Due(10, when_stopped=when_stopped).at(Moment(11, 1, stopped=True)) == when_stopped
    assert Due(10, when_stopped=when_stopped).at(Moment(20, 1, stopped=True))


def test_by_time_nothing_is_begun_when_the_run_is_stopped() -> None:
    clock = Clock()
    due = Due(10, Pace(5, clock=clock))
    assert not due.at(Moment(10, 1))
    clock.now += 5
    assert due.at(Moment(11, 1))
    assert not due.at(Moment(11, 1, stopped=True))
