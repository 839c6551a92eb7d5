"""Who keeps his place: who is waited for, and moves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import grpc
import numpy as np
import pytest
from pleinair.v1 import filters_pb2
from pleinair.v1 import translation_pb2 as pb

from server.transports import calls
from tests import factories
from tests.contract.connection import Connection, chunks_of, failing, frame_of, header_frame, pixel_frame
from tests.contract.translations import BIG, Slow
from tests.promises.by_hand import CallByHand, call_by_hand, framed
from tests.trainings import eventually

Frame = TypeVar("Frame")

STALL = 1.0
pytestmark = pytest.mark.slow

TRANSLATE = "/pleinair.v1.TranslationService/Translate"
LARGE = np.zeros((1024, 1024, 4), np.float32)  # of whose answer much is unsent while nobody reads
UNREAD = np.zeros((512, 512, 3), np.uint8)  # as much where nothing is read but what HTTP/2 begins with


@contextmanager
def connected(folder: Path, *, stall: float = STALL, **options: object) -> Iterator[Connection]:
    factories.put(folder, factories.identity())
    factories.put(folder, factories.slow())
    with (
        factories.running_server(folder, stall=stall, **options) as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        connection = Connection(channel, folder)
        connection.is_well()
        yield connection


@contextmanager
def by_hand(folder: Path, **options: object) -> Iterator[CallByHand]:
    factories.put(folder, factories.identity())
    with (
        factories.running_server(folder, stall=STALL, **options) as server,
        call_by_hand(server.address, TRANSLATE) as call,
    ):
        yield call


def is_served(connection: Connection) -> bool:
    try:
        return connection.is_well()
    except grpc.RpcError:
        return False


def test_who_stops_sending_loses_his_place_and_is_told(tmp_path: Path) -> None:
    with connected(tmp_path, queue=1) as connection:
        call = connection.translation.Translate(_then_nothing(lambda: call, header_frame(), pixel_frame(bytes(3))))
        with failing() as failures:
            list(call)
        assert (failures[0].code, failures[0].reason) == ("ABORTED", "STALLED")
        assert failures[0].sentence.startswith("Nothing came of this call for 1 seconds;")
        assert connection.is_well()


def test_who_does_not_read_loses_his_place_and_is_told_when_he_reads(tmp_path: Path) -> None:
    with connected(tmp_path, queue=1) as connection:
        unread = connection.translation.Translate(iter([frame_of("identity", LARGE), *chunks_of(LARGE)]))
        assert not is_served(connection)
        eventually(lambda: is_served(connection))
        with failing() as failures:
            list(unread)
        assert (failures[0].code, failures[0].reason) == ("ABORTED", "STALLED")
        assert failures[0].sentence.startswith("Nothing was read of this call's answer for 1 seconds;")


def test_who_sends_a_message_now_and_then_is_served(tmp_path: Path) -> None:
    with connected(tmp_path) as connection:
        reply = connection.send(_slowly([header_frame(), *[pixel_frame(bytes(1))] * 12]))
        assert reply.pixels == bytes(12)


def test_who_reads_a_message_now_and_then_gets_all(tmp_path: Path) -> None:
    pixels = np.zeros((1024, 512, 3), np.float32)
    with connected(tmp_path) as connection:
        call = connection.translation.Translate(iter([frame_of("identity", pixels), *chunks_of(pixels)]), timeout=30)
        assert sum(len(frame.pixels) for frame in _slowly(call)) == pixels.nbytes


def test_a_message_that_comes_in_drops_is_waited_for(tmp_path: Path) -> None:
    message = framed(pixel_frame(bytes(64 * 64 * 3)))
    with by_hand(tmp_path) as call:
        call.send(header_frame(width=64, height=64))
        for start in range(0, len(message), 2048):
            call.send_bytes(message[start : start + 2048])
            call.wait(STALL / 4)
        call.send(close=True)
        call.await_end()
        assert (call.headers["grpc-status"], call.taken > 64 * 64 * 3) == ("0", True)


def test_an_answer_that_is_taken_in_drops_is_sent_on(tmp_path: Path) -> None:
    with by_hand(tmp_path) as call:
        call.send(frame_of("identity", UNREAD), *chunks_of(UNREAD), close=True)
        until = time.monotonic() + 4 * STALL
        while time.monotonic() < until:
            call.wait(0.2)
            time.sleep(0.05)
            call.read(1024)
        assert call.taken > 65_535
        assert not call.has_ended


def test_who_takes_only_pings_is_no_reader(tmp_path: Path) -> None:
    with by_hand(tmp_path) as call:
        call.send(frame_of("identity", UNREAD), *chunks_of(UNREAD), close=True)
        time.sleep(3 * STALL)
        call.read(UNREAD.nbytes)
        call.await_end()
        assert call.headers["grpc-status"] == str(grpc.StatusCode.ABORTED.value[0])


def test_who_never_hears_that_his_call_has_ended_loses_the_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "LAST_WORD_SECONDS", 0.2)
    with by_hand(tmp_path) as call:
        call.send(frame_of("identity", UNREAD), *chunks_of(UNREAD), close=True)
        call.await_end()
        assert "grpc-status" not in call.headers


def test_calls_of_the_same_connection_are_not_taken_for_progress(tmp_path: Path) -> None:
    with connected(tmp_path, queue=2) as connection:
        unread = connection.translation.Translate(iter([frame_of("identity", LARGE), *chunks_of(LARGE)]))
        assert next(unread)
        until = time.monotonic() + 4 * STALL
        while time.monotonic() < until:
            connection.filters.ListFilters(filters_pb2.ListFiltersRequest())
            time.sleep(0.01)
        with failing() as failures:
            list(unread)
        assert failures[0].reason == "STALLED"


def test_waiting_in_the_queue_is_no_stall(tmp_path: Path) -> None:
    with connected(tmp_path) as connection:
        slow = Slow(connection)
        slow.await_stage(pb.Progress.STAGE_TRANSLATING)
        second = Slow(connection, BIG[:2, :2])
        second.await_stage(pb.Progress.STAGE_QUEUED)
        time.sleep(3 * STALL)
        slow.call.cancel()
        assert list(second.call)[-1].summary.filter_id == "slow"


def test_a_watcher_that_hears_nothing_is_no_stalled_one(tmp_path: Path) -> None:
    with connected(tmp_path) as connection:
        news = connection.filters.WatchFilters(filters_pb2.WatchFiltersRequest())
        assert next(news).filter.id == "identity"
        time.sleep(3 * STALL)
        factories.put(tmp_path, factories.inverting())
        assert any(response.filter.id == "inverting" for response in news)


def test_a_watcher_that_reads_nothing_of_much_loses_his_place(tmp_path: Path) -> None:
    long = dict.fromkeys(("title", "description", "licence", "source_domain", "target_domain"), "長" * 2000)
    for number in range(5):
        factories.put(tmp_path, factories.inverting(identifier=f"long{number}", **long))
    with (
        factories.running_server(tmp_path, stall=STALL) as server,
        call_by_hand(server.address, "/pleinair.v1.FilterService/WatchFilters") as call,
    ):
        call.send(filters_pb2.WatchFiltersRequest(), close=True)
        time.sleep(2 * STALL)
        call.read(1 << 20)
        call.await_end()
        assert call.headers["grpc-status"] == str(grpc.StatusCode.ABORTED.value[0])


def _then_nothing(call: Callable[[], grpc.Call], *frames: pb.TranslateRequest) -> Iterator[pb.TranslateRequest]:
    yield from frames
    while call().is_active():
        time.sleep(0.05)


def _slowly(frames: Iterable[Frame]) -> Iterator[Frame]:
    for frame in frames:
        time.sleep(STALL / 4)
        yield frame
