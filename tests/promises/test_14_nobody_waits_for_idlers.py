"""Who idles holds nobody up, and loses his place when --stall seconds have passed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import grpc
import numpy as np
import pytest
from pleinair.v1 import filters_pb2

from tests import factories
from tests.contract.connection import Connection, chunks_of, failing, frame_of, header_frame
from tests.processes import ServerProcess, serving
from tests.promises.by_hand import CallByHand, call_by_hand
from tests.promises.length import counted
from tests.trainings import eventually, header

pytestmark = pytest.mark.slow

STALL = counted(short=4.0, long=30.0)
CALLS = counted(short=300, long=5000)
LARGE = np.zeros((768, 768, 3), np.uint8)  # far more than HTTP/2 lets the server send unread
ABORTED = str(grpc.StatusCode.ABORTED.value[0])
HOSTS = ("127.0.0.2", "127.0.0.3")  # with 13 calls each: one more than there are places for


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    factories.put(tmp_path, factories.identity())
    with serving(tmp_path, "--queue", "24", "--stall", str(STALL)) as server:
        yield server


@pytest.fixture
def connection(server: ServerProcess) -> Iterator[Connection]:
    with grpc.insecure_channel(server.address) as channel:
        connection = Connection(channel, server.folder)
        connection.is_well()
        yield connection


@contextmanager
def idle(server: ServerProcess, method: str, hosts: tuple[str, ...], each: int) -> Iterator[list[CallByHand]]:
    """So many calls of each host."""
    with ExitStack() as stack:
        path = f"/pleinair.v1.{method}"
        yield [
            stack.enter_context(call_by_hand(server.address, path, source=host)) for host in hosts for _ in range(each)
        ]


def never_reading(call: CallByHand) -> None:
    call.send(frame_of("identity", LARGE), *chunks_of(LARGE), close=True)


def never_sending(call: CallByHand) -> None:
    call.send(header_frame())


def is_served(connection: Connection) -> bool:
    try:
        return connection.is_well()
    except grpc.RpcError:
        return False


def test_fast_calls_are_fast_beside_ten_stalled_readers(server: ServerProcess, connection: Connection) -> None:
    with idle(server, "TranslationService/Translate", ("127.0.0.2",), 10) as calls:
        for call in calls:
            never_reading(call)
        taken = []
        for _ in range(CALLS):
            began = time.perf_counter()
            connection.filters.ListFilters(filters_pb2.ListFiltersRequest())
            taken.append(time.perf_counter() - began)
    assert median(taken) < 0.002


@pytest.mark.parametrize("idling", [never_reading, never_sending])
def test_idle_calls_lose_their_places(server: ServerProcess, connection: Connection, idling: object) -> None:
    assert callable(idling)
    with idle(server, "TranslationService/Translate", HOSTS, 13) as calls:
        for call in calls:
            idling(call)
        eventually(lambda: not is_served(connection), STALL)  # all places are taken
        eventually(lambda: is_served(connection), 2 * STALL + 5)
        for call in calls:
            call.read(LARGE.nbytes)
            call.await_end()
        told = [call.headers["grpc-message"] for call in calls if call.headers.get("grpc-status") == ABORTED]
        assert told
        assert all("Its place was given to others" in sentence for sentence in told)


def test_one_client_cannot_take_all_watching(server: ServerProcess, connection: Connection) -> None:
    with idle(server, "FilterService/WatchFilters", ("127.0.0.2",), 120) as calls:
        for call in calls:
            call.send(filters_pb2.WatchFiltersRequest(), close=True)
        calls[-1].await_end()
        news = connection.filters.WatchFilters(filters_pb2.WatchFiltersRequest())
        assert next(news).filter.id == "identity"
        news.cancel()


def test_one_client_cannot_keep_others_from_training(server: ServerProcess, connection: Connection) -> None:
    with idle(server, "TrainingService/StartTraining", ("127.0.0.2",), 8) as calls:
        for call in calls:
            call.send(header())
        time.sleep(0.3)
        with failing() as failures:
            connection.training.StartTraining(iter([header()]), timeout=20)
        assert failures[0].reason == "BAD_HEADER"  # it was let in, and has no pictures
        for call in calls:
            call.await_end(2 * STALL + 10)
        assert sorted(call.headers["grpc-status"] for call in calls).count(ABORTED) == 6
