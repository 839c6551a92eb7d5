"""Only modern encryption, only clients that show a certificate where that is asked, and renewal without a restart."""

from __future__ import annotations

import hashlib
import shutil
import socket
import ssl
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from pleinair.v1 import filters_pb2, filters_pb2_grpc

from tests import factories
from tests.certificates import make_certificate
from tests.processes import serving
from tests.trainings import eventually

pytestmark = pytest.mark.slow

Pair = tuple[Path, Path]


@dataclass(frozen=True)
class Guarded:
    """A server that asks its clients for certificates, in a process of its own, and the files that it reads."""

    address: str
    pair: Pair
    authority: Pair
    own: Pair
    log: Path

    def credentials(self, own: Pair | None) -> grpc.ChannelCredentials:
        certificate, key = (path.read_bytes() for path in own) if own else (None, None)
        return grpc.ssl_channel_credentials(self.pair[0].read_bytes(), key, certificate)

    def answers(self, own: Pair | None) -> bool:
        with grpc.secure_channel(self.address, self.credentials(own)) as channel:
            try:
                filters_pb2_grpc.FilterServiceStub(channel).ListFilters(filters_pb2.ListFiltersRequest(), timeout=10)
            except grpc.RpcError:
                return False
            return True

    def shown(self, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3, ciphers: str = "DEFAULT") -> str:
        """The fingerprint of the certificate that who connects is shown. Raises OSError when there is no handshake."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # the old versions are meant
            context.minimum_version = context.maximum_version = version
        context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
        context.load_cert_chain(*self.own)
        host, _, port = self.address.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=10) as plain, context.wrap_socket(plain) as encrypted:
            der = encrypted.getpeercert(binary_form=True)
            assert der is not None
            return hashlib.sha256(der).hexdigest()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    place, folder = tmp_path_factory.mktemp("keys"), tmp_path_factory.mktemp("filters")
    factories.put(folder, factories.identity())
    pair, authority = make_certificate(place), make_certificate(place, name="authority")
    own = make_certificate(place, name="client", signed_by=authority)
    options = ("--tls-certificate", str(pair[0]), "--tls-key", str(pair[1]), "--tls-client-ca", str(authority[0]))
    log = place / "log.txt"
    with log.open("wb") as file, serving(folder, "--poll", "0.1", *options, log=file.fileno()) as process:
        yield Guarded(process.address, pair, authority, own, log)


def test_only_versions_and_ciphers_of_today_are_spoken(server: Guarded) -> None:
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        assert server.shown(version)
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        with pytest.raises(OSError):
            server.shown(version)
    with pytest.raises(OSError):
        server.shown(ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-SHA")


def test_who_shows_no_certificate_or_anothers_does_not_connect(server: Guarded, tmp_path: Path) -> None:
    stranger = make_certificate(tmp_path, name="stranger")
    assert [server.answers(own) for own in (server.own, None, stranger)] == [True, False, False]
    with grpc.insecure_channel(server.address) as channel, pytest.raises(grpc.RpcError):
        filters_pb2_grpc.FilterServiceStub(channel).ListFilters(filters_pb2.ListFiltersRequest(), timeout=10)


def test_a_renewed_certificate_needs_no_restart_and_ends_no_call(server: Guarded, tmp_path: Path) -> None:
    with grpc.secure_channel(server.address, server.credentials(server.own)) as channel:
        watch = filters_pb2_grpc.FilterServiceStub(channel).WatchFilters(filters_pb2.WatchFiltersRequest(), timeout=60)
        next(watch)
        before, renewed = server.shown(), make_certificate(tmp_path, name="renewed")
        shutil.copyfile(renewed[0], server.pair[0])  # and not its key: nothing changes but the log
        eventually(lambda: "Until then the server goes on with what it had." in server.log.read_text())
        assert server.shown() == before and server.answers(server.own) is False  # the file is no longer what it shows
        shutil.copyfile(renewed[1], server.pair[1])
        eventually(lambda: server.shown() != before)
        assert server.answers(server.own)
        assert server.log.read_text().count("Until then the server goes on") == 1
        assert watch.is_active()
