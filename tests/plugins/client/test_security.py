"""Encryption with a pinned certificate, and the token, against the real server."""

from __future__ import annotations

import hashlib
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from plugins.client import Cancel, Cancelled, Client, ClientError, Endpoint, server_fingerprint
from tests import factories
from tests.certificates import make_certificate
from tests.plugins.client.layers import header, pixels_for
from tests.plugins.client.scripted import Peer, scripted

TOKEN = "a-token-of-some-length"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def encrypted(folder: Path, certificate: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real server with a certificate and a token."""
    token = tmp_path_factory.mktemp("secrets") / "token"
    token.write_text(TOKEN)
    with factories.running_server(
        folder, tls_certificate=certificate[0], tls_key=certificate[1], token_file=token
    ) as server:
        yield server.address


@pytest.fixture(scope="module")
def fingerprint(certificate: tuple[Path, Path]) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate[0].read_text())).hexdigest()


@contextmanager
def expect(code: str, sentence: str) -> Iterator[None]:
    with pytest.raises(ClientError) as caught:
        yield
    assert (caught.value.code, caught.value.sentence) == (code, sentence)
    assert caught.value.remedy


def test_a_pinned_certificate_and_the_token_open_the_server(encrypted: str, fingerprint: str) -> None:
    layer = header("identity", width=512, height=512)
    with Client(Endpoint(encrypted, token=TOKEN, tls=True, fingerprint=fingerprint)) as client:
        assert client.health()
        assert len(client.list_filters().filters) == 4
        assert client.translate(layer, pixels_for(layer)).pixels == pixels_for(layer)


def test_the_fingerprint_to_pin_is_the_certificates(encrypted: str, fingerprint: str) -> None:
    assert server_fingerprint(encrypted) == fingerprint


def test_a_fingerprint_is_taken_as_tools_print_it(encrypted: str, fingerprint: str) -> None:
    pairs = ":".join(fingerprint[start : start + 2] for start in range(0, 64, 2)).upper()
    with Client(Endpoint(encrypted, token=f" {TOKEN}\n", tls=True, fingerprint=pairs)) as client:
        assert client.list_filters().filters


@pytest.mark.parametrize("token", ["", "another-token-of-some-length"])
def test_a_wrong_token_is_a_sentence(encrypted: str, fingerprint: str, token: str) -> None:
    with Client(Endpoint(encrypted, token=token, tls=True, fingerprint=fingerprint)) as client:
        with expect("UNAUTHENTICATED", "The token is missing or wrong."):
            client.list_filters()
        with expect("UNAUTHENTICATED", "The token is missing or wrong."):
            client.translate(header(), pixels_for(header()))


@pytest.mark.parametrize("token", ["two words", "zwei\nZeilen", "schlüssel"])
def test_a_token_that_no_server_has_is_a_sentence(encrypted: str, fingerprint: str, token: str) -> None:
    with (
        Client(Endpoint(encrypted, token=token, tls=True, fingerprint=fingerprint)) as client,
        expect(
            "INVALID_ARGUMENT", "The token in the settings contains spaces or characters that a token cannot contain."
        ),
    ):
        client.list_filters()


def test_a_token_shows_in_no_repr() -> None:
    assert TOKEN not in repr(Endpoint(token=TOKEN))


def test_nothing_is_sent_to_a_server_with_another_certificate(certificate: tuple[Path, Path]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    context.set_alpn_protocols(["h2"])
    heard: list[bytes] = []

    def script(peer: Peer) -> None:
        with context.wrap_socket(peer.socket.dup(), server_side=True) as wrapped:
            wrapped.settimeout(20)
            heard.append(wrapped.recv(1000))

    with scripted(script) as address:
        sentence = f"The server at {address} presented a different certificate from the one you trust."
        endpoint = Endpoint(address, token=TOKEN, tls=True, fingerprint="ab" * 32)
        with Client(endpoint) as client, expect("UNAUTHENTICATED", sentence):
            client.list_filters()
    assert heard == [b""]


def test_an_expired_certificate_is_a_sentence_even_when_it_is_pinned(folder: Path, tmp_path: Path) -> None:
    pem, key = make_certificate(tmp_path, days=-1)
    with factories.running_server(folder, tls_certificate=pem, tls_key=key) as server:
        sentence = f"The certificate of the server at {server.address} has expired."
        endpoint = Endpoint(server.address, tls=True, fingerprint=server_fingerprint(server.address))
        with Client(endpoint) as client, expect("UNAUTHENTICATED", sentence):
            client.list_filters()


def test_a_certificate_that_is_not_valid_yet_is_a_sentence_even_when_it_is_pinned(folder: Path, tmp_path: Path) -> None:
    pem, key = make_certificate(tmp_path, begins=2, days=9)
    with factories.running_server(folder, tls_certificate=pem, tls_key=key) as server:
        sentence = (
            f"The certificate of the server at {server.address} cannot be trusted (certificate is not yet valid)."
        )
        endpoint = Endpoint(server.address, tls=True, fingerprint=server_fingerprint(server.address))
        with Client(endpoint) as client, expect("UNAUTHENTICATED", sentence):
            client.list_filters()


def test_a_certificate_of_nobody_known_is_refused_unless_it_is_pinned(encrypted: str) -> None:
    sentence = f"This computer does not trust the certificate of the server at {encrypted}."
    with Client(Endpoint(encrypted, token=TOKEN, tls=True)) as client, expect("UNAUTHENTICATED", sentence):
        client.list_filters()


def test_encryption_that_the_server_does_not_have_is_a_sentence(address: str) -> None:
    sentence = f"An encrypted connection to {address} is not possible."
    with expect("UNAVAILABLE", sentence):
        server_fingerprint(address)
    with Client(Endpoint(address, tls=True, fingerprint="ab" * 32)) as client, expect("UNAVAILABLE", sentence):
        client.list_filters()


def test_encryption_that_the_server_wants_is_in_the_remedy(encrypted: str) -> None:
    with Client(Endpoint(encrypted, token=TOKEN)) as client, pytest.raises(ClientError) as caught:
        client.list_filters()
    assert "whether the server wants an encrypted connection" in caught.value.remedy


def test_cancelling_wakes_a_call_in_the_middle_of_a_handshake() -> None:
    with scripted(Peer.until_gone) as address:
        cancel = Cancel()
        timer = threading.Timer(0.1, cancel.cancel)
        timer.start()
        endpoint = Endpoint(address, tls=True, fingerprint="ab" * 32)
        with Client(endpoint) as client, pytest.raises(Cancelled):
            client.list_filters(cancel=cancel, timeout=60)
        timer.join()
