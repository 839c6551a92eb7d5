"""Translate, when it takes time: progress, the queue, deadlines, cancellation."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from pleinair.v1 import filters_pb2
from pleinair.v1 import translation_pb2 as pb

from tests import factories
from tests.contract.connection import (
    Connect,
    chunks_of,
    failing,
    frame_of,
    header_frame,
    pixel_frame,
)
from tests.contract.translations import BIG, Slow


def test_progress_tells_the_share_and_the_time_once_the_filters_pace_is_known(connect: Connect, folder: Path) -> None:
    pixels = BIG[:256, :256]
    with connect(folder) as connection:
        first, second = (connection.send([frame_of("slow", pixels), *chunks_of(pixels)]) for _ in range(2))
    first_told, told = (
        [frame.progress for frame in reply.frames if frame.WhichOneof("frame") == "progress"]
        for reply in (first, second)
    )
    assert not any(progress.HasField("fraction") for progress in first_told)
    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] < fractions[-1] < 1
    assert told[0].seconds_left > told[-1].seconds_left >= 0


def test_cancelled_translation_frees_the_device(connect: Connect, folder: Path) -> None:
    with connect(folder) as connection:
        slow = Slow(connection)
        slow.await_stage(pb.Progress.STAGE_TRANSLATING)
        slow.call.cancel()
        assert connection.is_well()


def test_a_translation_cancelled_in_the_queue_leaves_it(connect: Connect, folder: Path) -> None:
    with connect(folder) as connection:
        first = Slow(connection)
        first.await_stage(pb.Progress.STAGE_TRANSLATING)
        second = Slow(connection)
        assert second.await_stage(pb.Progress.STAGE_QUEUED).queue_position == 1
        third = Slow(connection)
        assert third.await_stage(pb.Progress.STAGE_QUEUED).queue_position == 2
        second.call.cancel()
        assert third.await_stage(pb.Progress.STAGE_QUEUED).queue_position == 1
        first.call.cancel()
        third.await_stage(pb.Progress.STAGE_TRANSLATING)
        third.call.cancel()
        assert connection.is_well()


def test_the_callers_deadline_stops_the_computation(connect: Connect, folder: Path) -> None:
    with connect(folder) as connection:
        slow = Slow(connection, timeout=1.0)
        with failing() as failures:
            list(slow.call)
        assert failures[0].code == "DEADLINE_EXCEEDED"
        assert connection.is_well()


def test_the_servers_own_deadline_stops_the_computation_and_says_so(connect: Connect, folder: Path) -> None:
    with connect(folder, deadline=1.0) as connection:
        with failing() as failures:
            list(Slow(connection).call)
        assert (failures[0].code, failures[0].reason) == ("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED")
        assert "did not finish before its deadline" in failures[0].sentence
        assert connection.is_well()


def test_a_full_house_refuses_at_once_and_says_when_to_try_again(connect: Connect, folder: Path) -> None:
    with connect(folder, queue=2) as connection:
        running = Slow(connection)
        running.await_stage(pb.Progress.STAGE_TRANSLATING)
        waiting = Slow(connection)
        waiting.await_stage(pb.Progress.STAGE_QUEUED)
        with failing() as failures:
            connection.send([header_frame(), pixel_frame(bytes(12))])
        assert (failures[0].code, failures[0].reason) == ("RESOURCE_EXHAUSTED", "QUEUE_FULL")
        assert failures[0].retry_seconds == 1.0
        waiting.call.cancel()
        running.call.cancel()


def test_a_running_translation_keeps_the_filter_that_it_started_with(connect: Connect, folder: Path) -> None:
    with connect(folder) as connection:
        before = connection.filters.GetFilter(filters_pb2.GetFilterRequest(id="slow")).filter.sha256
        news = connection.filters.WatchFilters(filters_pb2.WatchFiltersRequest())
        slow = Slow(connection, BIG[:64, :64])
        slow.await_stage(pb.Progress.STAGE_TRANSLATING)
        factories.put(folder, factories.identity(identifier="slow"))
        changed = next(one for one in news if one.event == filters_pb2.WatchFiltersResponse.EVENT_CHANGED)
        assert changed.filter.sha256 != before
        assert [*slow.call][-1].summary.filter_sha256 == before


def test_a_caller_who_never_sends_all_is_ended_by_the_deadline(connect: Connect, folder: Path) -> None:
    with connect(folder, deadline=0.5) as connection:
        silent = threading.Event()

        def frames() -> Any:
            yield header_frame()
            silent.wait(20)

        with failing() as failures:
            connection.send(frames())
        silent.set()
        assert failures[0].reason == "DEADLINE_EXCEEDED"
        assert connection.is_well()
