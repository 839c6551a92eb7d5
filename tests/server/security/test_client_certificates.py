"""A server that wants certificates of its clients talks to nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from server.client import Client, TrainingClient
from server.client.channel import Access
from server.client.translations import TranslationError
from server.train import main as train
from server.translate import main as translate
from tests import factories
from tests.certificates import make_certificate
from tests.server.security.starting import problem

PIXELS = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clients")


@pytest.fixture(scope="module")
def authority(place: Path) -> tuple[Path, Path]:
    return make_certificate(place, name="authority")


@pytest.fixture(scope="module")
def own(place: Path, authority: tuple[Path, Path]) -> tuple[Path, Path]:
    """A client's certificate that the authority has signed, and its key."""
    return make_certificate(place, name="client", signed_by=authority)


@pytest.fixture(scope="module")
def address(folder: Path, pair: tuple[Path, Path], authority: tuple[Path, Path]) -> Iterator[str]:
    options = {"tls_certificate": pair[0], "tls_key": pair[1], "tls_client_ca": authority[0]}
    with factories.running_server(folder, **options) as server:
        yield server.address


def access(pair: tuple[Path, Path], own: tuple[Path, Path]) -> Access:
    certificate, client_certificate, client_key = (path.read_bytes() for path in (pair[0], *own))
    return Access(certificate=certificate, client_certificate=client_certificate, client_key=client_key)


def test_who_shows_one_that_is_signed_is_served(address: str, pair: tuple[Path, Path], own: tuple[Path, Path]) -> None:
    with Client(address, **access(pair, own)) as client:
        np.testing.assert_array_equal(client.translate("identity", PIXELS)[0], PIXELS)
    with TrainingClient(address, **access(pair, own)) as trainings:
        assert list(trainings.trainings()) == []


def test_who_shows_none_is_not(address: str, pair: tuple[Path, Path]) -> None:
    with (
        Client(address, certificate=pair[0].read_bytes()) as client,
        pytest.raises(TranslationError, match="whether the server wants a certificate of its clients too"),
    ):
        client.filters()


@pytest.mark.parametrize("days", [1, -1])
def test_neither_is_who_shows_one_of_somebody_elses_or_an_old_one(
    address: str, pair: tuple[Path, Path], authority: tuple[Path, Path], tmp_path: Path, days: int
) -> None:
    other = make_certificate(tmp_path, name="client", days=days, signed_by=authority if days < 0 else None)
    with Client(address, **access(pair, other)) as client, pytest.raises(TranslationError):
        client.filters()


def test_the_commands_show_theirs(
    address: str, pair: tuple[Path, Path], own: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    there = ["--list", "--address", address, "--tls-certificate", str(pair[0])]
    mine = ["--tls-client-certificate", str(own[0]), "--tls-client-key", str(own[1])]
    for command in (translate, train):
        assert command([*there, *mine]) == 0
        assert command(there) == 1
        assert command([*there, *mine[:2]]) == 2
    assert "A client's certificate goes with its key and the server's certificate" in capsys.readouterr().err


def test_a_client_that_lacks_a_part_is_a_mistake_of_the_program(pair: tuple[Path, Path]) -> None:
    with pytest.raises(ValueError, match="give all three"):
        Client("localhost:1", client_certificate=pair[0].read_bytes(), client_key=pair[1].read_bytes())


def test_without_a_certificate_of_its_own_no_server_asks_for_any(folder: Path, authority: tuple[Path, Path]) -> None:
    assert "give --tls-certificate and --tls-key with --tls-client-ca" in problem(folder, tls_client_ca=authority[0])


def test_an_authority_that_is_no_certificate_is_one_sentence(folder: Path, pair: tuple[Path, Path]) -> None:
    said = problem(folder, tls_certificate=pair[0], tls_key=pair[1], tls_client_ca=pair[1])
    assert "holds no certificate in PEM form" in said
