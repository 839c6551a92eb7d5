"""What is too late is not computed, and what would be too late is refused at once."""

from __future__ import annotations

import time
from collections.abc import Iterator

import grpc
import numpy as np
import pytest

from tests import factories
from tests.contract.connection import Connection, Failure, chunks_of, failing, frame_of
from tests.processes import ServerProcess, serving
from tests.promises.length import counted
from tests.promises.usage import processor_seconds

pytestmark = pytest.mark.slow

ROUNDS = counted(short=2, long=20)
MURAL = np.zeros((1024, 1024, 3), np.uint8)  # minutes for the slow filter
SKETCH = np.zeros((256, 256, 3), np.uint8)  # seconds


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("filters")
    factories.put(folder, factories.slow())
    factories.put(folder, factories.slow(identifier="measured", steps=120))
    with serving(folder, "--training", "off") as server:
        yield server


@pytest.fixture
def connection(server: ServerProcess) -> Iterator[Connection]:
    with grpc.insecure_channel(server.address) as channel:
        yield Connection(channel, server.folder)


def late(connection: Connection, filter_id: str, pixels: np.ndarray, seconds: float) -> tuple[Failure, float]:
    """How the call fails, and after how many seconds."""
    began = time.monotonic()
    with failing() as failures:
        connection.send([frame_of(filter_id, pixels), *chunks_of(pixels)], timeout=seconds)
    return failures[0], time.monotonic() - began


def test_what_is_too_late_ends_at_its_deadline_and_is_computed_no_further(
    server: ServerProcess, connection: Connection
) -> None:
    for _ in range(ROUNDS):
        failure, seconds = late(connection, "slow", MURAL, 0.4)
        assert failure.code == "DEADLINE_EXCEEDED"
        assert seconds < 1.5
        time.sleep(0.5)
        before = processor_seconds(server.process.pid)
        time.sleep(1)
        assert processor_seconds(server.process.pid) - before < 0.25


def test_a_deadline_that_cannot_be_met_is_refused_before_it_passes(
    server: ServerProcess, connection: Connection
) -> None:
    connection.translate("measured", SKETCH)
    before = processor_seconds(server.process.pid)
    for _ in range(ROUNDS):
        failure, _ = late(connection, "measured", SKETCH, 0.4)
        assert failure.reason == "DEADLINE_EXCEEDED"
        assert failure.sentence.startswith("This picture would take about ")
    assert processor_seconds(server.process.pid) - before < 0.1 * ROUNDS
