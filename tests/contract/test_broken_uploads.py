"""What comes by stream is whole because it says so, never because the stream ended: a call that is cancelled, or whose
deadline passes, on its way ends for a server's method like one that has sent everything."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import grpc
import numpy as np
import pytest
from google.protobuf.message import Message
from pleinair.v1 import training_pb2 as pb

from tests.contract.connection import SECONDS, Connect, Connection, chunks_of, failing, frame_of
from tests.trainings import SOURCE, TARGET, encoded, eventually, header, picture, picture_file

PIXELS = np.arange(64 * 48 * 3, dtype=np.uint8).reshape(48, 64, 3)
TRANSLATION = [frame_of("inverting", PIXELS), *chunks_of(PIXELS, 2000)]


@pytest.fixture(scope="module")
def training(connect: Connect, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    folder = tmp_path_factory.mktemp("filters")
    shared = tmp_path_factory.mktemp("shared")
    (shared / "a.png").write_bytes(picture_file(3))
    with connect(folder, training_pictures=shared) as connection:
        yield connection


def uploads(count: int | None) -> dict[str, Sequence[pb.StartTrainingRequest]]:
    """Whole requests of four pictures, which say how many there are, or do not."""
    first = header()
    if count is not None:
        first.header.picture_count = count
    files = [
        frame for seed in (1, 2) for role in (SOURCE, TARGET) for frame in encoded(role, picture_file(seed), chunk=9999)
    ]
    paths = [picture(role, path="a.png") for role in (SOURCE, TARGET, TARGET, TARGET)]
    return {"files": [first, *files], "paths": [first, *paths]}


class Halting:
    """Gives some of a request's frames, and then no more until ``end``."""

    def __init__(self, frames: Iterable[Message]) -> None:
        self._frames = frames
        self._end = threading.Event()
        self.sent = threading.Event()

    def __iter__(self) -> Iterator[Any]:
        yield from self._frames
        self.sent.set()
        self._end.wait(SECONDS)

    def end(self) -> None:
        self._end.set()


class AsStream:
    """A call with one answer, read as those with several are."""

    def __init__(self, call: Any) -> None:
        self._call = call
        self.cancel = call.cancel

    def __iter__(self) -> Iterator[Any]:
        yield self._call.result()


Call = Callable[[Halting, float], Any]
Breaking = Callable[[Call, Halting], None]


def by_cancelling(call: Call, frames: Halting) -> None:
    running = call(frames, SECONDS)
    assert frames.sent.wait(SECONDS)
    time.sleep(0.03)  # so that the server has read them all, and waits for the next
    running.cancel()


def by_its_deadline(call: Call, frames: Halting) -> None:
    with pytest.raises(grpc.RpcError):
        list(call(frames, 0.06))


def none_started(training: Connection) -> None:
    folder = training.filters_folder / "trainings"
    eventually(lambda: not list(folder.glob(".*.tmp")))
    assert not training.training.ListTrainings(pb.ListTrainingsRequest(), timeout=SECONDS).jobs
    assert [path.name for path in folder.iterdir()] == [".lock"]


@pytest.mark.parametrize("break_off", [by_cancelling, by_its_deadline])
@pytest.mark.parametrize("kind", ["files", "paths"])
@pytest.mark.parametrize("count", [4, None])
def test_an_upload_that_breaks_off_after_any_message_starts_no_training(
    training: Connection, count: int | None, kind: str, break_off: Breaking
) -> None:
    def start(sent: Halting, seconds: float) -> Any:
        return AsStream(training.training.StartTraining.future(iter(sent), timeout=seconds))

    frames = uploads(count)[kind]
    for number in range(len(frames)):
        halting = Halting(frames[:number])
        break_off(start, halting)
        halting.end()
    none_started(training)


@pytest.mark.parametrize("kind", ["files", "paths"])
def test_a_stream_that_ends_before_the_last_picture_starts_no_training(training: Connection, kind: str) -> None:
    frames = uploads(4)[kind]
    for number in range(1, len(frames)):
        with failing() as failures:
            training.training.StartTraining(iter(frames[:number]), timeout=SECONDS)
        assert failures[0].code == "INVALID_ARGUMENT"
    none_started(training)


def test_pictures_beyond_those_that_were_announced_are_refused(training: Connection) -> None:
    with failing() as failures:
        training.training.StartTraining(iter(uploads(3)["paths"]), timeout=SECONDS)
    assert failures[0].fields == ["header.picture_count"]
    assert failures[0].sentence == "The header says that 3 pictures follow, and 4 came; send as many as it says."


@pytest.mark.parametrize("break_off", [by_cancelling, by_its_deadline])
def test_a_picture_that_breaks_off_after_any_message_is_not_translated(
    connection: Connection, break_off: Breaking
) -> None:
    def translate(sent: Halting, seconds: float) -> Any:
        return connection.translation.Translate(iter(sent), timeout=seconds)

    for number in range(len(TRANSLATION)):
        halting = Halting(TRANSLATION[:number])
        break_off(translate, halting)
        halting.end()
    assert connection.is_well()


@pytest.mark.parametrize("number", range(1, len(TRANSLATION)))
def test_a_stream_that_ends_before_the_last_pixel_gets_no_pixel_back(connection: Connection, number: int) -> None:
    with failing() as failures:
        connection.send(TRANSLATION[:number])
    assert failures[0].reason == "TOO_FEW_PIXELS"
