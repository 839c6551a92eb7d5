"""The report for helpers."""

from __future__ import annotations

from pathlib import PurePath, PurePosixPath, PureWindowsPath

import pytest

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


@pytest.mark.parametrize("home", [PurePosixPath("/home/ann"), PureWindowsPath("C:/Users/ann")])
def test_the_home_folder_is_not_told(home: PurePath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugins.core.diagnostics.Path.home", lambda: home)
    settings = Settings(python=str(home / "python"), filters_folder=f"{home}ette")
    text = report("GIMP 3.0.4", Session(settings, lambda call: None), [f"cannot read {home}"])
    assert f"Setting python: {str(type(home)('~') / 'python')!r}\n" in text
    assert f"Setting filters_folder: {f'{home}ette'!r}\n" in text
    assert text.endswith("cannot read ~\n")


def test_a_home_that_is_the_root_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/")
    assert report("GIMP 3.0.4", Session(Settings(), lambda call: None), ["/etc/hosts"]).endswith("\n/etc/hosts\n")
