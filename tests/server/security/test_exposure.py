"""Where other machines can reach the server, it starts only with encryption and a token."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from server.config import ServerConfig
from server.security.guard import Security
from tests.server.security.starting import application, problem

ADDRESSES = ["0.0.0.0:0", "[::]:0", "192.0.2.7:0", "[2001:db8::7]:0", "studio.example:0", "[::ffff:0.0.0.0]:0", "*:0"]
ENCRYPTION, TOKEN = "--tls-certificate, --tls-key", "--token-file"


@pytest.fixture
def encrypted(pair: tuple[Path, Path]) -> dict[str, Any]:
    return {"tls_certificate": pair[0], "tls_key": pair[1]}


def warnings(folder: Path, **options: Any) -> list[str]:
    lines = application(folder, **options).start_lines("there")
    return [line for line in lines if line.startswith("Warning")]


@pytest.mark.parametrize("address", ADDRESSES)
def test_off_the_loopback_it_does_not_start_without_both(
    folder: Path, token_file: Path, encrypted: dict[str, Any], address: str
) -> None:
    bare = problem(folder, address=address)
    assert bare.startswith(f"{address} is not known to be an address of this machine alone")
    assert "give --tls-certificate, --tls-key and --token-file" in bare
    assert "give --tls-certificate and --tls-key (" in problem(folder, address=address, token_file=token_file)
    assert "give --token-file (" in problem(folder, address=address, **encrypted)
    assert warnings(folder, address=address, token_file=token_file, **encrypted) == []


def test_certificates_of_clients_do_not_replace_the_token(
    folder: Path, pair: tuple[Path, Path], encrypted: dict[str, Any]
) -> None:
    assert "give --token-file (" in problem(folder, address="0.0.0.0:0", tls_client_ca=pair[0], **encrypted)


def test_who_insists_is_warned_of_what_is_missing(folder: Path, token_file: Path, encrypted: dict[str, Any]) -> None:
    for options, words in (
        ({}, ["encrypt them with --tls-certificate", "protect it with --token-file"]),
        ({"token_file": token_file}, ["encrypt them with --tls-certificate"]),
        (encrypted, ["protect it with --token-file"]),
        ({"token_file": token_file, **encrypted}, []),
    ):
        said = warnings(folder, address="0.0.0.0:0", insecure=True, **options)
        assert len(said) == len(words)
        assert all(word in line for word, line in zip(words, said, strict=True))


def test_who_insists_where_it_is_not_needed_is_not_warned(folder: Path) -> None:
    assert warnings(folder, insecure=True) == []


def test_the_log_reminds_of_it_again_and_again(caplog: pytest.LogCaptureFixture) -> None:
    security = Security(ServerConfig(address="0.0.0.0:0", insecure=True))
    with caplog.at_level(logging.WARNING), pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(security.remind(0.01), 0.2))
    said = [record.message for record in caplog.records]
    assert len(said) >= 4
    assert all("runs with --insecure" in line for line in said)


def test_of_nothing_it_does_not_remind() -> None:
    asyncio.run(asyncio.wait_for(Security(ServerConfig()).remind(0.01), 1))
