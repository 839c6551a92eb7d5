from __future__ import annotations

import pytest

from server.engine.device import Device, Provider


@pytest.fixture(scope="session")
def device() -> Device:
    """The CPU, one thread."""
    return Device(Provider.CPU, threads=1)
