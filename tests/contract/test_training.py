"""TrainingService's refusals: what a caller can ask for wrongly, before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pleinair.v1 import training_pb2 as pb
from pleinair.v1 import translation_pb2

from server.config import TrainingMode
from server.trainings.jobs.job import Job, State
from server.trainings.jobs.store import JobStore
from tests import factories
from tests.contract.connection import SECONDS, Connect, Connection, Failure, failing
from tests.trainings import SOURCE, TARGET, encoded, eventually, frames, header, picture, picture_file


@pytest.fixture(scope="module")
def training(connect: Connect, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with connect(tmp_path_factory.mktemp("filters"), max_pixels=10_000) as connection:
        yield connection


def refused(connection: Connection, sent: Iterable[pb.StartTrainingRequest]) -> Failure:
    with failing() as failures:
        connection.training.StartTraining(iter(list(sent)), timeout=SECONDS)
    trainings = connection.filters_folder / "trainings"
    assert not [path for path in trainings.glob("*") if path.is_dir()]
    return failures[0]


PAINTING = [*encoded(SOURCE, picture_file(1))]
PHOTO = [*encoded(TARGET, picture_file(2))]
DATA = pb.StartTrainingRequest(data=b"1234")


@pytest.mark.parametrize(
    ("sent", "reason", "field"),
    [
        ([], "BAD_HEADER", "header"),
        ([picture(SOURCE, file_bytes=4)], "BAD_HEADER", "header"),
        (frames(""), "BAD_HEADER", "header.title"),
        (frames("x" * 101), "BAD_HEADER", "header.title"),
        (frames("two\nlines"), "BAD_HEADER", "header.title"),
        (frames(request_id="x" * 65), "BAD_HEADER", "header.request_id"),
        (frames(preset="cut"), "BAD_OPTION", "header.preset"),
        (frames(device="cpu"), "BAD_OPTION", "header.options[device]"),
        (frames(images="many"), "BAD_OPTION", "header.options[images]"),
        ([header(), header()], "BAD_HEADER", "header"),
        ([header(), *PAINTING], "BAD_HEADER", "picture"),
        ([header(), *PHOTO], "BAD_HEADER", "picture"),
        ([header(), DATA], "BAD_HEADER", "data"),
        ([header(), picture(0, file_bytes=4)], "BAD_HEADER", "picture.role"),
        ([header(), picture(7, file_bytes=4)], "BAD_HEADER", "picture.role"),
        ([header(), picture(SOURCE)], "BAD_HEADER", "picture.content"),
        ([header(), picture(SOURCE, path="a.png")], "PATH_NOT_ALLOWED", "picture.path"),
        ([header(), picture(SOURCE, pixels=pb.RawPixels(width=1, height=1))], "BAD_HEADER", "picture.pixels.pixel"),
        ([header(), picture(SOURCE, file_bytes=4), DATA, *PHOTO], "PICTURE_UNREADABLE", "picture"),
        ([header(), picture(SOURCE, file_bytes=5), DATA, *PHOTO], "TOO_FEW_PIXELS", ""),
        ([header(), picture(SOURCE, file_bytes=3), DATA, *PHOTO], "TOO_MANY_PIXELS", ""),
    ],
)
def test_what_is_no_training_is_refused_and_leaves_nothing_behind(
    training: Connection, sent: list[pb.StartTrainingRequest], reason: str, field: str
) -> None:
    failure = refused(training, sent)
    code = "INVALID_ARGUMENT"
    assert (failure.code, failure.reason) == (code, reason)
    assert "".join(failure.fields).startswith(field)
    assert failure.sentence.endswith(".")


def test_pixels_over_the_limit_are_refused_before_they_are_sent(training: Connection) -> None:
    pixel_format = translation_pb2.PixelFormat(
        channels=translation_pb2.CHANNELS_RGB, sample_type=translation_pb2.SAMPLE_TYPE_UINT8
    )
    pixels = pb.RawPixels(width=101, height=100, pixel_format=pixel_format)
    assert refused(training, [header(), picture(SOURCE, pixels=pixels)]).reason == "PICTURE_TOO_LARGE"


def test_a_stream_that_breaks_off_leaves_nothing_behind(training: Connection) -> None:
    def broken() -> Iterator[pb.StartTrainingRequest]:
        yield from (header(), *PAINTING)
        raise RuntimeError("the caller's program ends here")

    with failing():
        training.training.StartTraining(broken(), timeout=SECONDS)
    assert not training.training.ListTrainings(pb.ListTrainingsRequest()).jobs
    trainings = training.filters_folder / "trainings"
    eventually(lambda: [path.name for path in trainings.iterdir()] == [".lock"])


@pytest.mark.parametrize("method", ["Get", "Watch", "Cancel", "Export", "Resume", "Delete"])
def test_an_unknown_training_is_answered_with_the_latest(training: Connection, method: str) -> None:
    request = getattr(pb, f"{method}TrainingRequest")(id="etretat-3f9a")
    with failing() as failures:
        answer = getattr(training.training, f"{method}Training")(request, timeout=SECONDS)
        list(answer)
    assert (failures[0].code, failures[0].reason) == ("NOT_FOUND", "TRAINING_NOT_FOUND")
    assert failures[0].sentence == "There is no training 'etretat-3f9a'; there are none yet."


@pytest.mark.parametrize("token", ["nonsense", "1.5/../x", "nan/etretat-3f9a", "1.5/"])
def test_a_page_token_from_elsewhere_is_refused(training: Connection, token: str) -> None:
    with failing() as failures:
        training.training.ListTrainings(pb.ListTrainingsRequest(page_token=token))
    assert (failures[0].code, failures[0].reason) == ("INVALID_ARGUMENT", "BAD_PAGE_TOKEN")


def test_a_server_that_shall_not_train_says_so_and_makes_no_folder(connect: Connect, tmp_path: Path) -> None:
    with connect(tmp_path, training=TrainingMode.OFF) as connection:
        failure = refused(connection, frames())
        assert (failure.code, failure.reason) == ("FAILED_PRECONDITION", "TRAINING_UNAVAILABLE")
        with failing() as failures:
            connection.training.ListTrainings(pb.ListTrainingsRequest())
        assert failures[0].reason == "TRAINING_UNAVAILABLE"
    assert not list(tmp_path.iterdir())


def test_pages_hold_every_training_once_the_newest_first(connect: Connect, tmp_path: Path) -> None:
    store = JobStore(tmp_path / "trainings")
    made = [
        Job(id=f"job-000{number}", title="", preset="", filter_id="", create_time=1.5 + number // 2, turn=number)
        for number in range(5)
    ]
    for job in made:
        store.folder(job.id).path.mkdir(parents=True)
        store.save(replace(job, state=State.CANCELLED))
    with connect(tmp_path) as connection:
        found, pages, token = [], 0, ""
        while pages == 0 or token:
            answer = connection.training.ListTrainings(pb.ListTrainingsRequest(page_size=2, page_token=token))
            found += [job.id for job in answer.jobs]
            pages, token = pages + 1, answer.next_page_token
    assert (found, pages) == ([job.id for job in reversed(made)], 3)


def test_a_server_of_one_file_does_not_train(connect: Connect, tmp_path: Path) -> None:
    file = factories.put(tmp_path, factories.identity())
    with connect(file) as connection, failing() as failures:
        connection.training.ListTrainings(pb.ListTrainingsRequest())
    assert failures[0].reason == "TRAINING_UNAVAILABLE"
