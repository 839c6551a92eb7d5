"""The first of a kind at once, then how many more there were."""

from __future__ import annotations

import gc
import json
import time
import weakref

from server.logs.calls import LoggedCall, logged_call
from server.logs.lines import LogFormat
from server.logs.repeats import MOST_EACH, MOST_OF_ONE_PLACE
from tests.server.logs.recorded import logger


class Picture:
    """Stands for what an exception's frames hold."""


def test_what_repeats_is_said_once_and_then_counted() -> None:
    with logger() as (log, lines):
        for _ in range(1000):
            log.warning("The folder is away.")
        assert len(lines()) == 1
    assert len(lines()) == 2
    assert "The folder is away. (999 more like this within 60 s)" in lines()[1]


def test_the_count_is_told_when_its_window_ends_although_nothing_comes_any_more() -> None:
    with logger(window=0.1) as (log, lines):
        for _ in range(5):
            log.warning("The folder is away.")
        limit = time.monotonic() + 20
        while len(lines()) < 2 and time.monotonic() < limit:
            time.sleep(0.02)
        assert "4 more like this" in lines()[1]


def test_what_is_different_is_said_up_to_a_number_from_one_place_in_the_code() -> None:
    with logger() as (log, lines):
        for number in range(1000):
            log.warning("%d.onnx is not served.", number)
        log.warning("Another line.")
    assert len(lines()) == MOST_OF_ONE_PLACE + 3
    assert f"{1000 - MOST_OF_ONE_PLACE - 1} more like this" in lines()[-1]


def test_lines_of_one_named_kind_are_one_kind_whatever_they_say() -> None:
    with logger() as (log, lines):
        for number in range(10):
            log.warning("Refused: %d", number, extra={"kind": "refused"})
        for number in range(10):
            log.warning("Answered: %d", number, extra={"kind": ""})
    assert [line for line in lines() if "Answered" in line][9:]
    assert len([line for line in lines() if "Refused" in line]) == 2


def test_lines_that_are_each_worth_one_are_bounded_too() -> None:
    with logger() as (log, lines):
        for number in range(1000):
            log.info("Answered: %d", number, extra={"kind": ""})
    assert len(lines()) == MOST_EACH + 1
    assert f"{1000 - MOST_EACH} more like this" in lines()[-1]


def test_they_are_said_again_when_the_next_window_begins() -> None:
    with logger(window=0.05) as (log, lines):
        for number in range(MOST_EACH + 1):
            log.info("Answered: %d", number, extra={"kind": ""})
        time.sleep(0.06)
        log.info("The next one.", extra={"kind": ""})
        assert "The next one." in lines()[-1]


def test_a_count_names_the_requests() -> None:
    with logger(LogFormat.JSON) as (log, lines):
        for request in "abc":
            with logged_call(LoggedCall(request, "some/Method", "ipv4:127.0.0.1")):
                log.warning("It failed.")
    told = json.loads(lines()[1])
    assert told["repeated"] == 2 and told["request_ids"] == ["b", "c"]


def test_a_trace_is_told_once_for_each_place_that_it_comes_from() -> None:
    with logger() as (log, lines):
        for error in (ValueError, ValueError, KeyError):
            try:
                raise error("something")
            except (ValueError, KeyError):
                log.exception("A call failed.")
    assert len([line for line in lines() if "Traceback" in line]) == 2


def test_nothing_that_an_exception_holds_is_kept_for_a_count() -> None:
    def fail(picture: Picture) -> None:
        raise ValueError(f"bad {type(picture).__name__}")

    with logger() as (log, _):
        for _number in range(3):
            picture = Picture()
            held = weakref.ref(picture)
            try:
                fail(picture)
            except ValueError:
                log.exception("A call failed.")
            del picture
            gc.collect()
            assert held() is None
