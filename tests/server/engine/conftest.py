from __future__ import annotations

from collections.abc import Iterator

import pytest

from server.engine.onnxruntime.backend import Device, Provider
from server.engine.worker import Worker
from tests.server.engine.requests import MEMORY


@pytest.fixture(scope="session")
def device() -> Device:
    """The CPU, one thread."""
    return Device(Provider.CPU, threads=1)


@pytest.fixture
def worker(device: Device) -> Iterator[Worker]:
    worker = Worker(device, memory=MEMORY)
    yield worker
    worker.close()
