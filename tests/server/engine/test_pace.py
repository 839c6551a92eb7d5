from __future__ import annotations

import pytest

from server.engine.pace import Pace


def test_time_grows_with_the_number_of_pixels() -> None:
    pace = Pace()
    pace.learn(1000 * 1000, 2.0)
    assert pace.seconds_for(3000 * 1000) == pytest.approx(6.0)


def test_nothing_is_foretold_before_a_picture_of_some_size_was_seen() -> None:
    pace = Pace()
    pace.learn(16 * 16, 0.5)
    assert pace.seconds_for(1000 * 1000) is None


def test_a_small_picture_is_foretold_the_time_of_the_smallest_that_tells() -> None:
    pace = Pace()
    pace.learn(1024 * 1024, 16.0)
    assert pace.seconds_for(1) == pytest.approx(1.0)
