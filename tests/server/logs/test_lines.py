"""Lines of the log, whatever is in them."""

from __future__ import annotations

import json
import re

import pytest

from server.logs.calls import LoggedCall, describe_call, logged_call
from server.logs.lines import LogFormat
from tests.server.logs.recorded import logger

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ test: (.*)")
FORGED = "x\n2026-12-01 00:00:00,000 INFO test: forged\x1b[2J\u202e"


def test_a_line_has_time_level_logger_and_message() -> None:
    with logger() as (log, lines):
        log.warning("%s is not served: %s", "monet.onnx", "it is empty")
    (line,) = lines()
    found = LINE.fullmatch(line)
    assert found and found[1] == "monet.onnx is not served: it is empty"


@pytest.mark.parametrize("log_format", LogFormat)
def test_a_text_with_line_ends_stays_on_one_line(log_format: LogFormat) -> None:
    with logger(log_format) as (log, lines):
        log.warning("%s", FORGED)
    (line,) = lines()
    assert line.isprintable()


def test_an_exception_with_line_ends_begins_no_line_of_its_own() -> None:
    with logger() as (log, lines):
        try:
            raise ValueError(FORGED)
        except ValueError:
            log.exception("A call failed.")
    first, *rest = lines()
    assert LINE.fullmatch(first)
    assert rest and all(line.startswith("  | ") and line.isprintable() for line in rest)
    assert any("2026-12-01 00:00:00,000 INFO test: forged" in line for line in rest)


def test_json_lines_are_objects_whose_texts_are_harmless_too() -> None:
    call = LoggedCall("abc", "pleinair.v1.TranslationService/Translate", "ipv4:127.0.0.1")
    with logger(LogFormat.JSON) as (log, lines), logged_call(call):
        describe_call(filter="monet", size="800 x 600")
        try:
            raise ValueError(FORGED)
        except ValueError:
            log.exception(FORGED)
    told = json.loads(lines()[0])
    assert told["level"] == "ERROR" and told["logger"] == "test"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", told["time"])
    assert told["message"].isprintable() and all(line.isprintable() for line in told["traceback"])
    assert told["request_id"] == "abc" and told["method"] == "pleinair.v1.TranslationService/Translate"
    assert (told["client"], told["filter"], told["size"]) == ("ipv4:127.0.0.1", "monet", "800 x 600")


def test_values_that_could_be_taken_for_several_are_quoted() -> None:
    with logger() as (log, lines), logged_call(LoggedCall("abc", "nope] status=OK", "ipv4:127.0.0.1")):
        log.info("A line.")
    assert lines()[0].endswith(r'[request_id=abc method="nope] status=OK" client=ipv4:127.0.0.1]')
