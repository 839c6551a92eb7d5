"""What must hold of answers and of the log is noticed where it does not."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import grpc
import pytest

from server.errors import Reason, Refusal
from server.wire.status import status_of
from tests.fuzz import wire
from tests.fuzz.holding import Broken, check_log_line, check_status, check_text


class Ended:
    """A call that has ended."""

    def __init__(self, code: grpc.StatusCode, sentence: str, details: bytes = b"") -> None:
        self._code, self._sentence, self._details = code, sentence, details

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return self._sentence

    def trailing_metadata(self) -> Any:
        return [("grpc-status-details-bin", self._details)] if self._details else []


def ended(refusal: Refusal, **changes: Any) -> Any:
    status = status_of(refusal)
    code = changes.get("code", grpc.StatusCode[refusal.reason.code])
    return Ended(code, changes.get("sentence", refusal.sentence), status.SerializeToString())


@pytest.mark.parametrize(
    "text",
    [
        "Unexpected <class 'google.protobuf.message.DecodeError'>: Error parsing message.",
        "It failed with google.protobuf.message.DecodeError.",
        "RuntimeError: it failed.",
        "Traceback (most recent call last):",
        "in server/app.py.",
        f"{Path.cwd()}/somewhere is full.",
    ],
)
def test_a_text_that_tells_of_the_programs_inside_is_noticed(text: str) -> None:
    with pytest.raises(Broken):
        check_text(text)


def test_a_text_that_tells_where_the_servers_files_are_is_noticed() -> None:
    with pytest.raises(Broken):
        check_text("/srv/filters/a.onnx is damaged.", Path("/srv/filters"))


def test_a_refusal_is_what_may_be_answered() -> None:
    check_status(ended(Refusal(Reason.FILTER_NOT_FOUND, "There is no filter 'nope'; choose another one.")))


@pytest.mark.parametrize(
    "call",
    [
        ended(Refusal(Reason.INTERNAL, "It was not foreseen.")),
        ended(Refusal(Reason.BAD_HEADER, "It is wrong."), code=grpc.StatusCode.NOT_FOUND),
        ended(Refusal(Reason.BAD_HEADER, "no sentence")),
        Ended(grpc.StatusCode.INVALID_ARGUMENT, "It is wrong."),
        Ended(grpc.StatusCode.UNKNOWN, "It is wrong.", b"\xff"),
    ],
    ids=["unforeseen", "another code", "no sentence", "no reason", "unreadable"],
)
def test_an_end_that_is_not_documented_is_noticed(call: Any) -> None:
    with pytest.raises(Broken):
        check_status(call)


@pytest.mark.parametrize(
    "line", ["red \x1b[31m", "\u202ebackwards", "Traceback (most recent call last):", "x" * 5000, "a\rb"]
)
def test_a_line_of_the_log_that_is_none_is_noticed(line: str) -> None:
    with pytest.raises(Broken):
        check_log_line(line)


def test_examples_of_the_wire_are_true() -> None:
    assert doctest.testmod(wire).failed == 0
