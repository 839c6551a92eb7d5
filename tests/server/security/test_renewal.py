"""Certificates and token are read anew when their files change, and nothing under way is lost."""

from __future__ import annotations

import hashlib
import logging
import shutil
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from pleinair.v1 import filters_pb2, filters_pb2_grpc

from server.client import Client
from server.client.channel import Access
from server.client.translations import TranslationError
from server.security.renewal import _log as log
from tests import factories
from tests.certificates import make_certificate
from tests.server.security.starting import TOKEN

OTHER_TOKEN = "another-token-of-some-length"


@dataclass(frozen=True)
class Guarded:
    """A server with its own copies of the files that protect it."""

    address: str
    certificate: Path
    key: Path
    token_file: Path

    def shown(self) -> str:
        """The fingerprint of the certificate that it shows to who connects now."""
        host, _, port = self.address.rpartition(":")
        pem = ssl.get_server_certificate((host, int(port)), timeout=5)
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()

    def renew(self, pair: tuple[Path, Path]) -> str:
        """As an authority's client does it: one file after the other. Returns the new fingerprint."""
        for new, old in zip(pair, (self.certificate, self.key), strict=True):
            old.write_bytes(new.read_bytes())
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pair[0].read_text())).hexdigest()

    def client(self, token: str = TOKEN) -> Client:
        return Client(self.address, token=token, certificate=self.certificate.read_bytes())


@pytest.fixture
def guarded(folder: Path, pair: tuple[Path, Path], tmp_path: Path) -> Iterator[Guarded]:
    files = tmp_path / "server.pem", tmp_path / "server.key", tmp_path / "token"
    for source, path in zip(pair, files, strict=False):
        shutil.copy(source, path)
    files[2].write_text(TOKEN)
    options = {"tls_certificate": files[0], "tls_key": files[1], "token_file": files[2]}
    with factories.running_server(folder, poll=0.02, **options) as server:
        yield Guarded(server.address, *files)


def wait_for(condition: object) -> None:
    assert callable(condition)
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_served(client: Client) -> bool:
    try:
        return bool(client.filters())
    except TranslationError:
        return False


def test_a_renewed_certificate_is_shown_to_who_connects_and_open_streams_go_on(
    guarded: Guarded, folder: Path, tmp_path: Path
) -> None:
    credentials = grpc.ssl_channel_credentials(guarded.certificate.read_bytes())
    with grpc.secure_channel(guarded.address, credentials) as channel:
        stub = filters_pb2_grpc.FilterServiceStub(channel)
        watch = stub.WatchFilters(filters_pb2.WatchFiltersRequest(), metadata=(("authorization", f"Bearer {TOKEN}"),))
        next(news for news in watch if news.event == filters_pb2.WatchFiltersResponse.EVENT_SYNCED)
        fingerprint = guarded.renew(make_certificate(tmp_path, name="renewed"))
        wait_for(lambda: guarded.shown() == fingerprint)
        with guarded.client() as client:
            assert is_served(client)
        factories.put(folder, factories.inverting())
        assert next(watch).filter.id == "inverting"


def test_a_broken_pair_leaves_the_old_one_in_force_and_is_one_line(
    guarded: Guarded, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = guarded.shown()
    renewed = make_certificate(tmp_path, name="renewed")
    with caplog.at_level(logging.WARNING, log.name):
        guarded.certificate.write_bytes(renewed[0].read_bytes())  # and not its key
        wait_for(lambda: caplog.records)
        time.sleep(0.2)
        assert guarded.shown() == before
    (line,) = (record.message for record in caplog.records if record.name == log.name)
    assert "are not a certificate and its unencrypted key" in line
    assert line.endswith("Until then the server goes on with what it had.")
    fingerprint = guarded.renew(renewed)
    wait_for(lambda: guarded.shown() == fingerprint)


def test_a_renewed_token_replaces_the_old_one(guarded: Guarded) -> None:
    with guarded.client() as old, guarded.client(OTHER_TOKEN) as new:
        assert (is_served(old), is_served(new)) == (True, False)
        guarded.token_file.write_text(OTHER_TOKEN)
        wait_for(lambda: is_served(new))
        assert not is_served(old)


@pytest.mark.parametrize("contents", [None, "short"])
def test_a_token_that_is_gone_or_cannot_work_leaves_the_old_one_in_force(
    guarded: Guarded, contents: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, log.name), guarded.client() as client:
        if contents is None:
            guarded.token_file.unlink()
        else:
            guarded.token_file.write_text(contents)
        wait_for(lambda: caplog.records)
        assert is_served(client)


def test_a_new_authority_decides_who_connects_from_then_on(
    folder: Path, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    first, second = (make_certificate(tmp_path, name=name) for name in ("first", "second"))
    shutil.copy(first[0], authority := tmp_path / "authority.pem")
    options = {"tls_certificate": pair[0], "tls_key": pair[1], "tls_client_ca": authority}
    with factories.running_server(folder, poll=0.02, **options) as server:

        def can_enter(issuer: tuple[Path, Path]) -> bool:
            own = make_certificate(tmp_path, name="own", signed_by=issuer)
            certificate, client_certificate, client_key = (path.read_bytes() for path in (pair[0], *own))
            access = Access(certificate=certificate, client_certificate=client_certificate, client_key=client_key)
            with Client(server.address, **access) as client:
                return is_served(client)

        assert (can_enter(first), can_enter(second)) == (True, False)
        shutil.copy(second[0], authority)
        wait_for(lambda: can_enter(second))
        assert not can_enter(first)
