"""The Open Inference Protocol v2, when it takes time: the queue, deadlines, cancellation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pleinair.v1.translation_pb2 import Progress

from tests.contract.connection import SECONDS, Connect, Connection, Failure, chunks_of, failing, frame_of
from tests.contract.inferences import TINY, asked, refused

BIG = np.zeros((1, 1024, 1024, 3), np.uint8)  # minutes for the slow filter


def translating(connection: Connection, pixels: NDArray[Any], filter_id: str) -> tuple[Progress, Any]:
    """A translation that is under way: its first progress, and its call."""
    call = connection.translation.Translate(iter([frame_of(filter_id, pixels), *chunks_of(pixels)]), timeout=SECONDS)
    return next(call).progress, call


def test_one_picture_that_fails_ends_its_batch_and_frees_the_device(connection: Connection) -> None:
    failure = refused(connection, asked("failing", np.zeros((3, 27, 27, 3), np.uint8)))
    assert (failure.code, failure.reason) == ("INTERNAL", "FILTER_FAILED")
    assert connection.is_well()


def test_each_picture_of_a_batch_has_a_place_in_the_queue_and_a_cancelled_call_gives_them_up(
    connect: Connect, folder: Path
) -> None:
    with connect(folder) as connection:
        call = connection.inference.ModelInfer.future(asked("slow", BIG.repeat(3, axis=0)))
        while (waiting := translating(connection, BIG[0], "identity"))[0].queue_position != 3:
            list(waiting[1])
        call.cancel()
        assert list(waiting[1])[-1].summary.filter_id == "identity"


def timing_out(connection: Connection, microseconds: int) -> Failure:
    request = asked("slow", BIG)
    request.parameters["timeout"].int64_param = microseconds
    return refused(connection, request)


def test_the_callers_deadline_and_the_requests_own_stop_the_computation(connect: Connect, folder: Path) -> None:
    with connect(folder) as connection:
        with failing() as failures:
            connection.inference.ModelInfer(asked("slow", BIG), timeout=0.4)
        assert failures[0].code == "DEADLINE_EXCEEDED"
        failure = timing_out(connection, 400_000)
        assert (failure.code, failure.reason) == ("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED")
        assert connection.is_well()


def test_a_timeout_does_not_lengthen_the_servers_deadline(connect: Connect, folder: Path) -> None:
    with connect(folder, deadline=0.4) as connection:
        assert timing_out(connection, 2**63 - 1).reason == "DEADLINE_EXCEEDED"


def test_a_full_house_refuses_at_once_and_says_when_to_try_again(connect: Connect, folder: Path) -> None:
    with connect(folder, queue=1) as connection:
        _, running = translating(connection, BIG[0], "slow")
        failure = refused(connection, asked("identity", TINY))
        assert (failure.code, failure.reason, failure.retry_seconds) == ("RESOURCE_EXHAUSTED", "QUEUE_FULL", 1.0)
        running.cancel()
