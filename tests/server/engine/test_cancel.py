"""Cancel tokens: what hooks in is called once, whenever the token is cancelled."""

from __future__ import annotations

from server.engine.cancel import CancelToken


def test_cancelling_calls_what_has_hooked_in() -> None:
    token, calls = CancelToken(), list[str]()
    with token.hooked(lambda: calls.append("outer")), token.hooked(lambda: calls.append("inner")):
        assert not calls
        token.cancel()
    assert calls == ["outer", "inner"]
    assert token.is_cancelled


def test_what_hooks_in_too_late_is_called_at_once() -> None:
    token, calls = CancelToken(), list[str]()
    token.cancel()
    with token.hooked(lambda: calls.append("late")):
        assert calls == ["late"]


def test_what_has_ended_is_not_called() -> None:
    token, calls = CancelToken(), list[str]()
    with token.hooked(lambda: calls.append("ended")):
        pass
    token.cancel()
    assert not calls
