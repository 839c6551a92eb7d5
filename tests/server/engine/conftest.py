from __future__ import annotations

from collections.abc import Iterator

import pytest

from server.engine.backend import Backend, open_backend
from server.engine.provider import Provider
from server.engine.worker import Worker
from tests.server.engine.requests import MEMORY


@pytest.fixture(scope="session")
def device() -> Backend:
    """The CPU, one thread."""
    return open_backend(Provider.CPU, threads=1)


@pytest.fixture
def worker(device: Backend) -> Iterator[Worker]:
    worker = Worker(device, memory=MEMORY)
    yield worker
    worker.close()
