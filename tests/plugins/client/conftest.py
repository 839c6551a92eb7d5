from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from plugins.client import Client, Endpoint
from tests import factories


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filters folder with filters whose answers are known, and a file that is none."""
    folder = tmp_path_factory.mktemp("filters")
    for maker in (factories.identity, factories.inverting, factories.slow, factories.failing):
        factories.put(folder, maker())
    factories.put_bytes(folder / "broken.onnx", b"nonsense")
    return folder


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """Of a real server."""
    with factories.running_server(folder, max_pixels=1 << 22) as server:
        yield server.address


@pytest.fixture
def client(address: str) -> Iterator[Client]:
    with Client(Endpoint(address)) as client:
        yield client
