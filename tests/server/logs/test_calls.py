"""Calls in the log: their identifiers, and how they ended."""

from __future__ import annotations

import logging

import pytest

from server.errors import Reason, Refusal
from server.logs.calls import LoggedCall, describe_call, logged_call, request_id

CALL = ("abc", "pleinair.v1.FilterService/GetFilter", "ipv4:127.0.0.1")


@pytest.mark.parametrize("offered", ["7f3a", "0b0f2a1e-6f6a-4f0e-9d55-1b7c3d2e4f50", "studio:job/12+a=b@c", "x" * 100])
def test_a_harmless_identifier_of_the_caller_is_taken_over(offered: str) -> None:
    assert request_id([offered]) == offered


@pytest.mark.parametrize("offered", [[], [""], ["a\nb"], ["a b"], ["é"], ["x" * 101], ["a", "a"], [b"a"], ['a"]']])
def test_any_other_is_replaced_by_a_new_one(offered: list[str | bytes]) -> None:
    first, second = request_id(offered), request_id(offered)
    assert first not in offered and first != second and first.isalnum()


def test_an_answer_that_was_work_has_a_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), logged_call(LoggedCall(*CALL)):
        describe_call(filter="monet", size="8 x 8")
    (record,) = caplog.records
    assert (record.__dict__["status"], record.__dict__["reason"]) == ("OK", "")


def test_an_answer_that_cost_nothing_has_none(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), logged_call(LoggedCall(*CALL)):
        pass
    assert not caplog.records


def test_a_refusal_has_a_line_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), pytest.raises(Refusal), logged_call(LoggedCall(*CALL)):
        raise Refusal(Reason.FILTER_NOT_FOUND, "There is none.")
    (record,) = caplog.records
    assert "There is none." in record.getMessage()
    assert (record.__dict__["status"], record.__dict__["reason"]) == ("NOT_FOUND", "FILTER_NOT_FOUND")
