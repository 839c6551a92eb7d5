"""The suite runs over every transport that serves the protocol: transports.py has the table of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import factories
from tests.contract.connection import Connect, Connection
from tests.contract.transports import TRANSPORTS, Transport
from tests.server.conftest import cache_of_its_own as cache_of_its_own


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test that connects, once over every transport that has what it is about."""
    if "connect" in metafunc.fixturenames:
        able = [transport for transport in TRANSPORTS if metafunc.function.__name__ not in transport.lacks]
        names = [transport.name for transport in able]
        metafunc.parametrize("connect", able, ids=names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def connect(request: pytest.FixtureRequest) -> Connect:
    """Starts a server on a folder, with options of ServerConfig, and connects to it."""
    transport: Transport = request.param
    return transport.connect


@pytest.fixture(scope="session")
def connection(connect: Connect, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """To a server with one filter of every kind, shared by all tests that leave it as it is."""
    with connect(all_filters(tmp_path_factory.mktemp("filters"))) as connection:
        yield connection


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A filters folder of one's own, with identity and slow in it."""
    factories.put(tmp_path, factories.identity())
    factories.put(tmp_path, factories.slow())
    return tmp_path


def all_filters(folder: Path) -> Path:
    makers = (
        factories.identity,
        factories.inverting,
        factories.swapping,
        factories.normalising,
        factories.slow,
        factories.half,
        factories.failing,
    )
    for maker in makers:
        factories.put(folder, maker())
    factories.put(folder, factories.foreign(), name="foreign")
    (folder / "foreign.toml").write_text(factories.SIDECAR)
    factories.put_bytes(folder / "truncated.onnx", factories.identity().SerializeToString()[:100])
    return folder
