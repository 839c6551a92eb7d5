"""Who may use the server, and who can listen."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2
from pleinair.inference import open_inference_pb2 as inference
from pleinair.v1 import filters_pb2

from server.client.translations import Client, TranslationError
from tests import factories
from tests.certificates import make_certificate
from tests.contract.connection import Connection, chunks_of, failing, header_frame
from tests.server.security.starting import TOKEN, problem

PIXELS = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)


@pytest.fixture(scope="module")
def guarded(folder: Path, token_file: Path) -> Iterator[str]:
    """The address of a server that wants a token."""
    with factories.running_server(folder, token_file=token_file) as server:
        yield server.address


def test_who_knows_the_token_is_served(guarded: str) -> None:
    with Client(guarded, token=TOKEN) as client:
        assert [found.id for found in client.filters()] == ["identity"]
        np.testing.assert_array_equal(client.translate("identity", PIXELS)[0], PIXELS)


@pytest.mark.parametrize("token", [None, "another-token-of-length", TOKEN + "x", TOKEN[:-1]])
def test_who_does_not_is_refused_with_a_reason(guarded: str, token: str | None) -> None:
    with Client(guarded, token=token) as client:
        for call in (client.filters, lambda: client.translate("identity", PIXELS)):
            with pytest.raises(TranslationError) as caught:
                call()
            assert (caught.value.code, caught.value.reason) == ("UNAUTHENTICATED", "UNAUTHENTICATED")
            assert "has no token or a wrong one" in caught.value.sentence


def test_the_refusal_comes_before_the_pixels(guarded: str, folder: Path) -> None:
    """The stream has no end, so the answer cannot have waited for it."""
    with grpc.insecure_channel(guarded) as channel:

        def frames() -> Iterator[object]:
            yield header_frame()
            while True:
                yield from chunks_of(PIXELS)

        with failing() as failures:
            Connection(channel, folder).send(frames())  # type: ignore[arg-type]
    assert failures[0].reason == "UNAUTHENTICATED"


def test_the_inference_protocol_wants_the_token_too(guarded: str, folder: Path) -> None:
    with grpc.insecure_channel(guarded) as channel:
        stub = Connection(channel, folder).inference
        assert stub.ServerLive(inference.ServerLiveRequest(), metadata=(("authorization", f"Bearer {TOKEN}"),)).live
        with failing() as failures:
            stub.ServerLive(inference.ServerLiveRequest())
    assert failures[0].reason == "UNAUTHENTICATED"


def test_two_tokens_are_none(guarded: str, folder: Path) -> None:
    both = (("authorization", f"Bearer {TOKEN}"), ("authorization", "Bearer nonsense"))
    with grpc.insecure_channel(guarded) as channel, failing() as failures:
        Connection(channel, folder).filters.ListFilters(filters_pb2.ListFiltersRequest(), metadata=both)
    assert failures[0].reason == "UNAUTHENTICATED"


def test_health_is_for_everybody(guarded: str, folder: Path) -> None:
    with grpc.insecure_channel(guarded) as channel:
        answer = Connection(channel, folder).health.Check(health_pb2.HealthCheckRequest())
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_a_certificate_encrypts_and_is_named_by_its_fingerprint(folder: Path, pair: tuple[Path, Path]) -> None:
    certificate, key = pair
    der = ssl.PEM_cert_to_DER_cert(certificate.read_text())
    with factories.running_server(folder, tls_certificate=certificate, tls_key=key) as server:
        assert hashlib.sha256(der).hexdigest() in server.application.start_lines(server.address)[1]
        with Client(server.address, certificate=certificate.read_bytes()) as client:
            np.testing.assert_array_equal(client.translate("identity", PIXELS)[0], PIXELS)


def test_another_certificate_is_not_talked_to(folder: Path, pair: tuple[Path, Path], tmp_path: Path) -> None:
    other, _ = make_certificate(tmp_path, name="other")
    with (
        factories.running_server(folder, tls_certificate=pair[0], tls_key=pair[1]) as server,
        Client(server.address, certificate=other.read_bytes()) as client,
        pytest.raises(TranslationError, match="No server with this certificate answers"),
    ):
        client.filters()


def test_a_certificate_without_its_key_is_one_sentence(folder: Path, pair: tuple[Path, Path]) -> None:
    for option, path in zip(("tls_certificate", "tls_key"), pair, strict=True):
        assert "give both --tls-certificate and --tls-key" in problem(folder, **{option: path})


def test_what_is_no_pair_is_one_sentence(folder: Path, pair: tuple[Path, Path], tmp_path: Path) -> None:
    _, other_key = make_certificate(tmp_path, name="other")
    (nonsense := tmp_path / "nonsense").write_text("nonsense")
    for key in (other_key, nonsense):
        assert "are not a certificate and its unencrypted key" in problem(folder, tls_certificate=pair[0], tls_key=key)


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"short", "is not one line of at least 16 characters"),
        (b"two words of some length", "is not one line of at least 16 characters"),
        (b"two\nlines-of-some-length", "is not one line of at least 16 characters"),
        ("ä-token-of-some-length".encode(), "contains characters that are not ASCII"),
    ],
)
def test_a_token_that_cannot_work_is_one_sentence(
    folder: Path, tmp_path: Path, contents: bytes | None, words: str
) -> None:
    file = tmp_path / "token"
    if contents is not None:
        file.write_bytes(contents)
    assert words in problem(folder, token_file=file)
