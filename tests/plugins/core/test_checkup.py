from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from plugins.client import server_fingerprint
from plugins.core.checkup import Check, run_checks
from plugins.core.settings import Settings
from tests import factories
from tests.certificates import make_certificate

ALL = 5


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (folder := tmp_path / "filters").mkdir()
    factories.put(folder, factories.identity())
    return folder


def checks(address: str, **settings: Any) -> list[Check]:
    return list(run_checks(Settings(address=address, **settings)))


def failed(address: str, **settings: Any) -> tuple[int, Check]:
    """How many steps passed, and the one that failed."""
    *passed, last = checks(address, **settings)
    assert all(check.passed for check in passed)
    assert not last.passed
    assert last.remedy or "; " in last.sentence
    return len(passed), last


def test_all_is_well_with_a_server_that_has_a_filter(folder: Path) -> None:
    with factories.running_server(folder) as server:
        done = checks(server.address)
    assert [check.passed for check in done] == [True] * ALL
    assert done[-1].sentence == "Identity answered, computed by CPUExecutionProvider."


@pytest.mark.parametrize("address", ["", "studio", "studio:port", "studio:0", "studio:99999", "a b:1", "::1:50051"])
def test_what_is_no_address_is_said_to_be_none(address: str) -> None:
    passed, check = failed(address)
    assert passed == 0
    assert check.sentence == f"“{address}” is not an address."


def test_nobody_at_the_address_is_the_second_step() -> None:
    passed, check = failed("127.0.0.1:1")
    assert passed == 1
    assert check.sentence == "No server answers at 127.0.0.1:1."


@contextmanager
def web_server() -> Iterator[str]:
    """Something else that answers: HTTP/1."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

        for _ in range(3):  # the port is tried first, and encryption last
            threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def test_another_kind_of_server_is_the_third_step() -> None:
    with web_server() as address:
        passed, check = failed(address)
    assert passed == 2
    assert check.sentence == f"The program at {address} is not a Pleinair server."


def test_a_wrong_token_is_the_third_step(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a-token-of-some-length")
    with factories.running_server(folder, token_file=tmp_path / "token") as server:
        passed, check = failed(server.address, token="wrong")
        assert passed == 2
        assert "token is missing or wrong" in check.sentence
        assert len(checks(server.address, token="a-token-of-some-length")) == ALL


def test_a_server_without_filters_is_the_fourth_step(tmp_path: Path) -> None:
    with factories.running_server(tmp_path) as server:
        passed, check = failed(server.address)
    assert passed == 3
    assert check.sentence == "The server has no filters."


def test_what_can_be_read_on_the_way_is_said() -> None:
    assert "can be read on the way" in next(run_checks(Settings(address="192.0.2.1:50051"))).sentence
    assert "encrypted" in next(run_checks(Settings(address="192.0.2.1:50051", tls=True))).sentence


@pytest.fixture
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


def test_an_encrypted_server_passes_with_its_certificate_pinned(folder: Path, certificate: tuple[Path, Path]) -> None:
    with factories.running_server(folder, tls_certificate=certificate[0], tls_key=certificate[1]) as server:
        done = checks(server.address, tls=True, fingerprint=server_fingerprint(server.address))
        assert [check.passed for check in done] == [True] * (ALL + 1)
        assert done[2].sentence == "The server presents the certificate that you trust."


def test_what_is_wrong_with_the_encryption_is_a_step_of_its_own(folder: Path, certificate: tuple[Path, Path]) -> None:
    with factories.running_server(folder, tls_certificate=certificate[0], tls_key=certificate[1]) as server:
        passed, another = failed(server.address, tls=True, fingerprint="ab" * 32)
        assert passed == 2
        assert "presented a different certificate from the one you trust" in another.sentence
        passed, untrusted = failed(server.address, tls=True)
        assert passed == 2
        assert "does not trust the certificate" in untrusted.sentence
    with factories.running_server(folder) as plain:
        passed, none = failed(plain.address, tls=True)
        assert passed == 2
        assert none.sentence == f"An encrypted connection to {plain.address} is not possible."


def test_a_server_that_wants_encryption_is_recognised(folder: Path, certificate: tuple[Path, Path]) -> None:
    with factories.running_server(folder, tls_certificate=certificate[0], tls_key=certificate[1]) as server:
        passed, check = failed(server.address)
        assert passed == 2
        assert check.sentence == f"The server at {server.address} wants an encrypted connection."
        assert check.remedy == "Turn on encryption in the settings."
