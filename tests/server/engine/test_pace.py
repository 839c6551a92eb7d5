from __future__ import annotations

import pytest

from server.engine.pace import Pace


def test_time_grows_with_the_number_of_pixels() -> None:
    pace = Pace()
    pace.learn(1000 * 1000, 2.0, whole=True)
    assert pace.seconds_for(3000 * 1000, whole=True) == pytest.approx(6.0)


def test_whole_pictures_say_nothing_of_those_in_pieces() -> None:
    pace = Pace()
    pace.learn(1000 * 1000, 2.0, whole=True)
    assert pace.seconds_for(1000 * 1000, whole=False) is None


def test_nothing_is_foretold_before_a_picture_of_some_size_was_seen() -> None:
    pace = Pace()
    pace.learn(16 * 16, 0.5, whole=True)
    assert pace.seconds_for(1000 * 1000, whole=True) is None


def test_a_small_picture_is_foretold_the_time_of_the_smallest_that_tells() -> None:
    pace = Pace()
    pace.learn(1024 * 1024, 16.0, whole=True)
    assert pace.seconds_for(1, whole=True) == pytest.approx(1.0)


def test_pixels_for_a_time_follow_the_pace_once_it_is_known() -> None:
    pace = Pace()
    assert pace.pixels_in(0.5, unknown=7) == 7
    pace.learn(1000 * 1000, 1.0, whole=True)
    assert pace.pixels_in(0.5, unknown=7) == pytest.approx(500_000)
    assert pace.pixels_in(0.0, unknown=7) == 256 * 256


def test_what_is_certain_is_told_by_the_fastest_picture_of_about_that_size() -> None:
    pace = Pace()
    assert pace.least_seconds_for(1000 * 1000) is None
    for seconds in (8.0, 2.0, 5.0):
        pace.learn(1000 * 1000, seconds, whole=True)
    assert pace.least_seconds_for(1000 * 1000) == pytest.approx(2.0)
    assert pace.least_seconds_for(4000 * 1000) == pytest.approx(8.0)
    assert pace.least_seconds_for(100) == pytest.approx(0.0002)
    assert pace.least_seconds_for(4001 * 1000) is None


def test_a_picture_in_pieces_tells_nothing_certain_of_smaller_ones() -> None:
    pace = Pace()
    pace.learn(1000 * 1000, 2.0, whole=False)
    assert pace.least_seconds_for(999 * 1000) is None
    assert pace.least_seconds_for(1000 * 1000) == pytest.approx(2.0)


def test_a_pace_is_doubted_each_ninth_time_until_it_is_measured_anew() -> None:
    pace = Pace()
    assert [pace.doubt() for _ in range(18)] == [*[False] * 8, True] * 2
    for _ in range(8):
        pace.doubt()
    pace.learn(1000 * 1000, 2.0, whole=True)
    assert not pace.doubt()
