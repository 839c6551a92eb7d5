"""The suite is for every transport that serves the protocol: one that is added gives another ``connect``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests import factories
from tests.contract.connection import Connect, Connection


@pytest.fixture(scope="session")
def connect() -> Connect:
    """Starts a server on a folder, with options of ServerConfig, and connects to it."""

    @contextmanager
    def connect(filters: Path, **options: Any) -> Iterator[Connection]:
        with factories.running_server(filters, **options) as server, grpc.insecure_channel(server.address) as channel:
            yield Connection(channel, filters)

    return connect


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
