"""The report for helpers."""

from __future__ import annotations

from plugins.core.diagnostics import report
from plugins.core.session import Connection, Session
from plugins.core.settings import Settings

TOKEN = "a-token-of-some-length"


def test_the_report_says_what_matters_and_keeps_the_token() -> None:
    session = Session(Settings(address="studio:50051", token=f" {TOKEN}\n", tls=True), lambda call: None)
    session.connection = Connection("failed", "No server answers at studio:50051.", "Start one.")
    text = report("Krita 5.2.9", session, [f"sent Bearer {TOKEN}"])
    assert "Editor: Krita 5.2.9\n" in text
    assert "Connection: failed. No server answers at studio:50051. Start one.\n" in text
    assert "Filters: none\n" in text
    assert "Setting address: 'studio:50051'\n" in text
    assert "Setting token: 'set'\n" in text
    assert "sent Bearer (the token)\n" in text
    assert TOKEN not in text


def test_without_a_token_nothing_is_hidden() -> None:
    text = report("GIMP 3.0.4", Session(Settings(), lambda call: None), ["a line"])
    assert "Setting token: 'none'\n" in text
    assert text.endswith("a line\n")
