"""A session's way to its server, also when that is away, comes back or is another: the real ones."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from plugins.core.settings import Settings
from tests import factories
from tests.plugins.core.sessions import put_filters, request, session_with, submit


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return put_filters(tmp_path)


def test_no_server_is_a_sentence_and_a_remedy_and_it_connects_when_there_is_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugins.core.session.FIRST_PAUSE", 0.05)
    with factories.running_server(folder) as server:
        address = server.address
    with session_with(address) as (session, interface):
        session.connect()
        failed = interface.until(lambda: session.connection.kind == "failed" and session.connection)
        assert failed.sentence == f"No server answers at {address}."
        assert failed.remedy == "Start one, or correct the address in the settings."
        with factories.running_server(folder, address=address):
            interface.until(lambda: session.connection.kind == "connected")
        interface.until(lambda: session.connection.kind == "failed")


def test_a_wrong_token_is_not_tried_again(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    token = tmp_path_factory.mktemp("secrets") / "token"
    token.write_text("a-token-of-some-length")
    with (
        factories.running_server(folder, token_file=token) as server,
        session_with(server.address, token="wrong") as (session, interface),
    ):
        session.connect()
        interface.until(lambda: session.connection.kind == "failed")
        assert "token is missing or wrong" in session.connection.sentence
        session.use(Settings(address=server.address, token="a-token-of-some-length"))
        interface.until(lambda: session.connection.kind == "connected")


@contextmanager
def mute_server() -> Iterator[socket.socket]:
    """A listener that takes connections and says nothing, as a machine behind a bad network does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def test_another_address_is_used_at_once_while_the_old_one_does_not_answer(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing waits for the old one's answer, for which there is an hour."""
    monkeypatch.setattr("plugins.client.dialling.CONNECT_SECONDS", 3600.0)
    with mute_server() as mute, factories.running_server(folder) as server:
        address = f"127.0.0.1:{mute.getsockname()[1]}"
        with session_with(address, tls=True, fingerprint="0" * 64) as (session, interface):
            session.connect()
            with mute.accept()[0]:
                session.use(Settings(address=server.address))
                interface.until(lambda: session.connection.kind == "connected")


def test_a_job_after_the_server_was_restarted_is_translated(folder: Path) -> None:
    with factories.running_server(folder) as server, session_with(server.address) as (session, interface):
        job = submit(session, request())
        interface.until(lambda: job.ended)
        address = server.address
        server.do(server.server.stop()).result(60)
        with factories.running_server(folder, address=address):
            after = submit(session, request())
            interface.until(lambda: after.ended)
            assert (after.state, after.error) == ("done", None)


def test_the_filters_are_right_again_after_the_server_was_away(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugins.core.session.FIRST_PAUSE", 0.05)
    factories.put_bytes(folder / "broken.onnx", b"nonsense")
    with factories.running_server(folder) as server, session_with(server.address) as (session, interface):
        session.connect()
        interface.until(lambda: session.connection.kind == "connected")
        server.do(server.server.stop()).result(60)
        interface.until(lambda: session.connection.kind == "failed")
        (folder / "broken.onnx").unlink()
        (folder / "slow.onnx").unlink()
        with factories.running_server(folder, address=server.address):
            interface.until(lambda: session.connection.kind == "connected")
            assert [found.id for found in session.filters] == ["identity", "inverting"]
            assert session.rejected == ()
