"""Who cancels leaves the device to others at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from pleinair.v1 import translation_pb2 as pb

from tests import factories
from tests.contract.connection import Connection
from tests.contract.translations import Slow
from tests.processes import ServerProcess, serving
from tests.promises.length import counted
from tests.promises.usage import processor_seconds

pytestmark = pytest.mark.slow

ROUNDS = counted(short=1, long=20)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    factories.put(tmp_path, factories.identity())
    factories.put(tmp_path, factories.slow())
    with serving(tmp_path, "--training", "off") as server:
        yield server


@pytest.mark.parametrize("after", [0.05, 0.5, 2.0])
def test_the_next_picture_is_computed_at_once_and_the_cancelled_one_no_further(
    server: ServerProcess, after: float
) -> None:
    with grpc.insecure_channel(server.address) as channel:
        connection = Connection(channel, server.folder)
        for _ in range(ROUNDS):
            slow = Slow(connection)
            slow.await_stage(pb.Progress.STAGE_TRANSLATING)
            time.sleep(after)
            slow.call.cancel()
            began = time.monotonic()
            assert connection.is_well()
            assert time.monotonic() - began < 1.5
            before = processor_seconds(server.process.pid)
            time.sleep(1)
            assert processor_seconds(server.process.pid) - before < 0.25
