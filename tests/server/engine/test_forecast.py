"""How far, and how long yet, on a clock of the test's own."""

from __future__ import annotations

import pytest

from server.engine.forecast import Forecast
from server.engine.pace import Pace

PIXELS = 1000 * 1000
WHOLE, PIECES = 1, 4


def forecast(pieces: int, pace: Pace | None = None) -> Forecast:
    return Forecast(pace or Pace(), PIXELS, pieces)


def known(*, whole: bool, seconds: float) -> Pace:
    pace = Pace()
    pace.learn(PIXELS, seconds, whole=whole)
    return pace


def test_nothing_is_told_before_anything_is_known() -> None:
    made = forecast(WHOLE)
    made.piece_begins(0)
    assert (made.fraction(5), made.own_seconds_left(5)) == (None, None)


def test_a_whole_run_is_told_by_the_filters_pace_and_never_done_before_its_end() -> None:
    made = forecast(WHOLE, known(whole=True, seconds=8))
    made.piece_begins(100)
    assert (made.fraction(102), made.own_seconds_left(102)) == (0.25, 6)
    assert (made.fraction(200), made.own_seconds_left(200)) == (0.99, 0)


def test_pieces_tell_by_their_share_of_the_work_and_their_own_time() -> None:
    made = forecast(PIECES, known(whole=False, seconds=400))  # far from what it takes
    made.piece_begins(0)
    made.piece_ends(3, 0.3)
    assert made.fraction(3) == 0.3
    assert made.own_seconds_left(3) == pytest.approx(7)
    made.piece_begins(50)  # others had their turns
    assert made.fraction(51) == pytest.approx(0.4)
    assert made.own_seconds_left(51) == pytest.approx(6)


def test_a_piece_that_takes_long_is_no_progress_beyond_its_share() -> None:
    made = forecast(PIECES)
    made.piece_begins(0)
    made.piece_ends(1, 0.25)
    made.piece_begins(1)
    assert made.fraction(1000) == 0.5


def test_the_share_never_shrinks() -> None:
    made = forecast(PIECES)
    made.piece_begins(0)
    made.piece_ends(1, 0.5)
    assert made.fraction(1) == 0.5
    made.restart(8)
    made.piece_begins(1)
    made.piece_ends(2, 0.125)
    assert made.fraction(2) == 0.5
    assert made.own_seconds_left(2) == pytest.approx(7)


def test_what_it_took_teaches_the_filters_pace() -> None:
    pace = Pace()
    made = forecast(PIECES, pace)
    made.piece_begins(0)
    made.piece_ends(2, 1.0)
    made.learn(pictures=1)
    assert pace.seconds_for(PIXELS, whole=False) == pytest.approx(2)
