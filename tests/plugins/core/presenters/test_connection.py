"""How it stands with the server."""

from __future__ import annotations

from dataclasses import replace

from plugins.core.presenters.connection import ConnectionPresenter
from plugins.core.session import Connection
from tests.plugins.core.presenters.windows import FAILED, session


def test_a_server_that_answers_needs_no_help() -> None:
    shown = ConnectionPresenter(session()).shown
    assert (shown.kind, shown.line, shown.needs_help) == ("connected", "Connected to here", False)


def test_a_failure_comes_with_its_remedy_and_help() -> None:
    shown = ConnectionPresenter(session(FAILED)).shown
    assert (shown.line, shown.needs_help) == ("Nobody answers. Start a server.", True)


def test_before_anything_was_tried_it_says_so() -> None:
    assert ConnectionPresenter(session(Connection())).shown.line == "Not connected"


def test_another_problem_is_shown_in_place_of_the_connection() -> None:
    problems: list[tuple[str, str] | None] = [("No trainings here.", "Start it anew."), None]
    presenter = ConnectionPresenter(session(), lambda: problems[0])
    assert (presenter.shown.line, presenter.shown.needs_help) == ("No trainings here. Start it anew.", True)
    del problems[0]
    assert presenter.shown.line == "Connected to here"


def test_changed_settings_are_used() -> None:
    used = session()
    ConnectionPresenter(used).heed(replace(used.settings, opacity=40))
    assert used.settings.opacity == 40
