"""A stop lets running pictures finish within --grace, and ends at most two seconds later, whoever does not read."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import grpc
import numpy as np
import pytest
from pleinair.v1 import filters_pb2
from pleinair.v1 import translation_pb2 as pb

from plugins.client import Client
from plugins.client.endpoint import Endpoint
from tests import factories
from tests.contract.connection import Connection, Reply, chunks_of, failing, frame_of, header_frame
from tests.contract.translations import Slow
from tests.processes import ServerProcess, serving
from tests.promises.by_hand import call_by_hand
from tests.promises.length import counted

pytestmark = pytest.mark.slow

GRACE = counted(short=1, long=4)
MOST_BEYOND = 2.0
LARGE = np.zeros((512, 512, 3), np.uint8)  # far more than HTTP/2 lets the server send unread
SKETCH = np.zeros((128, 128, 3), np.uint8)  # a second or two for the slow filter
TRANSLATE = "/pleinair.v1.TranslationService/Translate"
WATCH = "/pleinair.v1.FilterService/WatchFilters"


@contextmanager
def started(folder: Path, *options: str) -> Iterator[tuple[ServerProcess, Connection]]:
    factories.put(folder, factories.identity())
    factories.put(folder, factories.slow())
    with (
        serving(folder, "--grace", str(GRACE), "--training", "off", *options) as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        yield server, Connection(channel, folder)


def stopped(server: ServerProcess, *signals: int) -> float:
    """How long it goes on after the signals, which come in a row, in seconds. It must end well."""
    began = time.monotonic()
    for number in signals:
        server.process.send_signal(number)
        time.sleep(0.1)
    assert server.process.wait(60) == 0
    return time.monotonic() - began


@contextmanager
def idlers(server: ServerProcess, folder: Path) -> Iterator[None]:
    """Callers that do not read, do not send, or only listen."""
    with ExitStack() as stack:
        for _ in range(3):
            unread = stack.enter_context(call_by_hand(server.address, TRANSLATE))
            unread.send(frame_of("identity", LARGE), *chunks_of(LARGE), close=True)
            stack.enter_context(call_by_hand(server.address, TRANSLATE)).send(header_frame())
            stack.enter_context(call_by_hand(server.address, WATCH)).send(filters_pb2.WatchFiltersRequest(), close=True)
        for _ in range(3):
            client = stack.enter_context(Client(Endpoint(server.address)))
            client.list_filters()
        time.sleep(0.5)
        yield


def test_idle_callers_hold_no_stop_up(tmp_path: Path) -> None:
    with started(tmp_path) as (server, _), idlers(server, tmp_path):
        assert stopped(server, signal.SIGTERM) < GRACE + MOST_BEYOND


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_what_runs_may_finish(tmp_path: Path, number: int) -> None:
    with started(tmp_path, "--grace", "30") as (server, connection):
        running = Slow(connection, SKETCH)
        running.await_stage(pb.Progress.STAGE_TRANSLATING)
        server.process.send_signal(number)
        assert Reply(list(running.call)).summary.filter_id == "slow"
        assert server.process.wait(MOST_BEYOND + 10) == 0


def test_what_takes_longer_is_ended_with_a_sentence(tmp_path: Path) -> None:
    with started(tmp_path) as (server, connection):
        running = Slow(connection)
        running.await_stage(pb.Progress.STAGE_TRANSLATING)
        with failing() as failures:
            assert stopped(server, signal.SIGTERM) < GRACE + MOST_BEYOND
            list(running.call)
        assert (failures[0].code, failures[0].reason) == ("UNAVAILABLE", "SHUTTING_DOWN")


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with started(tmp_path, "--grace", "60") as (server, connection), idlers(server, tmp_path):
        running = Slow(connection)
        running.await_stage(pb.Progress.STAGE_TRANSLATING)
        assert stopped(server, signal.SIGTERM, signal.SIGTERM) < 2 * MOST_BEYOND


def test_a_terminal_that_closes_ends_nothing_that_nohup_started(tmp_path: Path) -> None:
    program = (
        "-c",
        "import signal, runpy; signal.signal(1, signal.SIG_IGN); runpy.run_module('server', run_name='__main__')",
    )
    factories.put(tmp_path, factories.identity())
    with serving(tmp_path, "--training", "off", program=program) as server:
        server.process.send_signal(signal.SIGHUP)
        with grpc.insecure_channel(server.address) as channel:
            assert Connection(channel, tmp_path).is_well()
        assert server.process.poll() is None
