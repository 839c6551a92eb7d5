"""Nobody else gets in: off the loopback only with encryption and a token, and without the token nothing but health."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2
from pleinair.inference import open_inference_pb2
from pleinair.v1 import filters_pb2, training_pb2, translation_pb2

from tests import factories
from tests.certificates import make_certificate
from tests.processes import ServerProcess, serving

pytestmark = pytest.mark.slow

TOKEN = "a-token-of-some-length"
MIB = 1 << 20
NOTHING: tuple[tuple[str, str], ...] = ()
STRANGERS = [
    NOTHING,
    (("authorization", "Bearer another-token-of-length"),),
    (("authorization", f"bearer {TOKEN}"),),
    (("authorization", TOKEN),),
    (("authorization", f"Bearer {TOKEN}"), ("authorization", f"Bearer {TOKEN}")),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filters")
    factories.put(folder, factories.identity())
    return folder


@pytest.fixture(scope="module")
def token_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("secrets") / "token"
    file.write_text(TOKEN)
    file.chmod(0o600)
    return file


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "log.txt"


@pytest.fixture(scope="module")
def server(folder: Path, token_file: Path, log: Path) -> Iterator[ServerProcess]:
    with log.open("wb") as file, serving(folder, "--token-file", str(token_file), log=file.fileno()) as server:
        yield server


def calls() -> list[str]:
    """The full names of all methods that a server has and answers to nobody without the token, and one of none."""
    files = (filters_pb2, translation_pb2, training_pb2, open_inference_pb2)
    services = [service for file in files for service in file.DESCRIPTOR.services_by_name.values()]
    own = [f"/{service.full_name}/{method.name}" for service in services for method in service.methods]
    return [*own, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "/pleinair.v1.Nothing/Do"]


def stream(channel: grpc.Channel, name: str) -> grpc.StreamStreamMultiCallable[bytes, bytes]:
    return channel.stream_stream(name)


def code_of(channel: grpc.Channel, name: str, metadata: Any) -> grpc.StatusCode:
    with pytest.raises(grpc.RpcError) as caught:
        list(stream(channel, name)(iter([b""]), metadata=metadata, timeout=10))
    error: Any = caught.value
    code: grpc.StatusCode = error.code()
    return code


def test_off_the_loopback_no_server_starts_without_encryption_and_token(
    folder: Path, token_file: Path, tmp_path: Path
) -> None:
    certificate, key = map(str, make_certificate(tmp_path))
    for options in ((), ("--token-file", str(token_file)), ("--tls-certificate", certificate, "--tls-key", key)):
        command = [sys.executable, "-m", "server", "--filters", str(folder), "--address", "192.0.2.7:0", *options]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr.startswith("error: 192.0.2.7:0 is not known to be an address of this machine alone")
        assert all(option not in ended.stderr for option in options if option.startswith("--"))


def test_without_the_token_every_method_is_refused(server: ServerProcess) -> None:
    with grpc.insecure_channel(server.address) as channel:
        for name in calls():
            for metadata in STRANGERS:
                assert code_of(channel, name, metadata) is grpc.StatusCode.UNAUTHENTICATED, (name, metadata)
        assert len(calls()) > 20


def test_health_alone_is_for_everybody(server: ServerProcess) -> None:
    with grpc.insecure_channel(server.address) as channel:
        check: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/grpc.health.v1.Health/Check")
        assert check(b"", timeout=10) == health_pb2.HealthCheckResponse(status=1).SerializeToString()


def test_who_has_no_token_is_refused_before_the_pixels(server: ServerProcess) -> None:
    sent = 0

    def frames() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(48):
            sent += 1
            yield translation_pb2.TranslateRequest(pixels=bytes(MIB)).SerializeToString()

    with grpc.insecure_channel(server.address) as channel, pytest.raises(grpc.RpcError):
        list(stream(channel, "/pleinair.v1.TranslationService/Translate")(frames(), timeout=10))
    assert sent < 16


def test_the_token_is_in_no_place_where_others_look(server: ServerProcess, log: Path) -> None:
    of_process = Path(f"/proc/{server.process.pid}")
    for place in (of_process / "cmdline", of_process / "environ", log):
        assert TOKEN.encode() not in place.read_bytes()
    assert TOKEN not in server.first_line
