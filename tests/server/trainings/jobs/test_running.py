"""Turns, ends, crashes and restarts, with processes that speak like the trainer and learn nothing."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pleinair.v1 import filters_pb2, translation_pb2
from pleinair.v1 import training_pb2 as pb

from server.trainings.jobs import runner
from tests import factories
from tests.contract.connection import Connection, failing
from tests.server.trainings.jobs.conftest import Serve
from tests.trainings import (
    SOURCE,
    TARGET,
    ended,
    eventually,
    get,
    header,
    learning,
    picture,
    picture_file,
    processes_with,
    start,
    until,
    watch,
)

LONG = 100_000


def served(connection: Connection) -> list[str]:
    return [found.id for found in connection.filters.ListFilters(filters_pb2.ListFiltersRequest()).filters]


def cancel(connection: Connection, job_id: str, *, keep: bool = False) -> pb.TrainingJob:
    return connection.training.CancelTraining(pb.CancelTrainingRequest(id=job_id, keep_filter=keep)).job


def test_a_training_runs_to_its_end_and_its_filter_is_served_with_its_identifier(serve: Serve) -> None:
    with serve() as connection:
        job = start(connection.training)
        assert (job.title, job.filter_id, job.filter_ready) == ("Étretat", "etretat", False)
        assert [*job.source_names, *job.target_names] == ["painting.png", "photo.png"]
        job = ended(connection.training, job.id)
        assert (job.state, job.images_seen, job.images_total) == (pb.TRAINING_STATE_FINISHED, 20, 20)
        assert job.filter_ready and job.losses["G"] == pytest.approx(0.05) and job.elapsed_seconds > 0
        assert served(connection) == ["etretat"]
        assert len(list((connection.filters_folder / "trainings" / job.id / "run" / "checkpoints").iterdir())) == 1


def test_pixels_of_a_layer_and_files_of_the_servers_folder_are_taken(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "sea.jpg").write_bytes(picture_file(1, kind="JPEG"))
    pixel_format = translation_pb2.PixelFormat(
        channels=translation_pb2.CHANNELS_RGBA,
        sample_type=translation_pb2.SAMPLE_TYPE_UINT8,
        channel_order=translation_pb2.CHANNEL_ORDER_BGR,
    )
    pixels = pb.RawPixels(width=2, height=1, pixel_format=pixel_format)
    sent = [
        header(),
        picture(SOURCE, "Layer 1", pixels=pixels),
        pb.StartTrainingRequest(data=bytes([0, 0, 255, 255, 255, 0, 0, 128])),
        picture(TARGET, "", path="sea.jpg"),
    ]
    with serve(training_pictures=tmp_path / "shared") as connection:
        job = connection.training.StartTraining(iter(sent)).job
        assert [*job.source_names, *job.target_names] == ["Layer 1", "sea.jpg"]
        pictures = connection.filters_folder / "trainings" / job.id / "pictures"
        assert (pictures / "target" / "000-sea.jpg").read_bytes() == picture_file(1, kind="JPEG")
        with Image.open(pictures / "source" / "000-layer-1.png") as image:
            assert np.asarray(image).tolist() == [[[255, 0, 0, 255], [0, 0, 255, 128]]]
        assert ended(connection.training, job.id).state == pb.TRAINING_STATE_FINISHED


def test_watchers_see_previews_with_the_original_once_and_a_late_one_starts_with_the_latest(serve: Serve) -> None:
    with serve() as connection:
        job = start(connection.training, images=LONG)
        early = watch(connection.training, job.id)
        first = next(news for news in early if news.HasField("preview"))
        compared = next(early)
        assert compared.original.images_seen == 0 and compared.original.png.startswith(b"\x89PNG")
        second = next(news for news in early if news.HasField("preview"))
        assert second.preview.images_seen > first.preview.images_seen
        late = watch(connection.training, job.id)
        assert next(late).preview.images_seen >= second.preview.images_seen and next(late).HasField("original")
        bare = next(watch(connection.training, job.id, omit_previews=True))
        assert not bare.HasField("preview") and not bare.HasField("original")
        cancel(connection, job.id)
        for watcher, originals in ((early, 0), (watch(connection.training, job.id), 1)):
            news = list(watcher)
            assert news[-1].job.state == pb.TRAINING_STATE_CANCELLED
            assert sum(one.HasField("original") for one in news) == originals


def test_three_trainings_take_turns_and_the_positions_are_told(serve: Serve) -> None:
    with serve() as connection:
        jobs = [start(connection.training, title, images=LONG) for title in ("One", "Two", "Three")]
        until(connection.training, jobs[0].id, learning)
        assert [get(connection.training, job.id).queue_position for job in jobs] == [0, 0, 1]
        cancel(connection, jobs[1].id)
        assert get(connection.training, jobs[1].id).state == pb.TRAINING_STATE_CANCELLED
        assert get(connection.training, jobs[2].id).queue_position == 0
        cancel(connection, jobs[0].id)
        assert until(connection.training, jobs[2].id, learning).state == pb.TRAINING_STATE_RUNNING


def test_each_device_has_a_training_of_its_own(serve: Serve) -> None:
    with serve(training_devices="cuda:0,cuda:1") as connection:
        jobs = [start(connection.training, title, images=LONG) for title in ("One", "Two", "Three")]
        devices = [until(connection.training, job.id, learning).device for job in jobs[:2]]
        assert devices == ["cuda:0", "cuda:1"]
        assert get(connection.training, jobs[2].id).state == pb.TRAINING_STATE_QUEUED


def test_more_trainings_than_allowed_are_refused_until_one_has_ended(serve: Serve) -> None:
    with serve(training_queue=1) as connection:
        job = start(connection.training, images=LONG)
        with failing() as failures:
            start(connection.training, "Another")
        assert (failures[0].code, failures[0].reason) == ("RESOURCE_EXHAUSTED", "QUEUE_FULL")
        assert failures[0].retry_seconds is not None
        cancel(connection, job.id)
        ended(connection.training, job.id)
        start(connection.training, "Another")


def test_a_cancelled_training_keeps_its_preview_and_gives_its_filter_later(serve: Serve) -> None:
    with serve() as connection:
        job = start(connection.training, images=LONG)
        until(connection.training, job.id, learning)
        assert cancel(connection, job.id).state == pb.TRAINING_STATE_ENDING
        job = ended(connection.training, job.id)
        assert (job.state, job.can_export, job.filter_ready) == (pb.TRAINING_STATE_CANCELLED, True, False)
        assert next(watch(connection.training, job.id)).HasField("preview")
        assert cancel(connection, job.id) == job
        answer = connection.training.ExportTraining(pb.ExportTrainingRequest(id=job.id))
        found = connection.filters.GetFilter(filters_pb2.GetFilterRequest(id="etretat")).filter
        assert answer.job.filter_ready and answer.filter_sha256 == found.sha256


def test_stop_here_makes_a_filter_of_what_was_learned(serve: Serve) -> None:
    with serve() as connection:
        job = start(connection.training, images=LONG)
        until(connection.training, job.id, learning)
        cancel(connection, job.id, keep=True)
        job = ended(connection.training, job.id)
        assert (job.state, job.filter_ready) == (pb.TRAINING_STATE_FINISHED, True)
        assert served(connection) == ["etretat"]


def test_what_has_learned_nothing_cannot_be_kept_or_exported(serve: Serve) -> None:
    with serve() as connection:
        start(connection.training, images=LONG)
        waiting = start(connection.training, "Waiting")
        for call in (
            lambda: cancel(connection, waiting.id, keep=True),
            lambda: connection.training.ExportTraining(pb.ExportTrainingRequest(id=waiting.id)),
        ):
            with failing() as failures:
                call()
            assert (failures[0].code, failures[0].reason) == ("FAILED_PRECONDITION", "NO_WEIGHTS_YET")


def test_a_filter_can_be_used_while_training_goes_on_and_is_replaced_by_the_next(serve: Serve) -> None:
    with serve() as connection:
        job = start(connection.training, images=LONG)
        until(connection.training, job.id, learning)
        for _ in range(2):
            answer = connection.training.ExportTraining(pb.ExportTrainingRequest(id=job.id))
            assert answer.job.state == pb.TRAINING_STATE_RUNNING
            assert served(connection) == ["etretat"]
        assert not list(connection.filters_folder.glob(".*"))


def test_a_filter_of_somebody_else_is_never_replaced(serve: Serve) -> None:
    with serve() as connection:
        first = start(connection.training, images=10)
        other = factories.put(connection.filters_folder, factories.identity(identifier="etretat"))
        before = other.read_bytes()
        job = ended(connection.training, first.id)
        assert (job.filter_id, job.filter_ready) == ("etretat-2", True)
        assert other.read_bytes() == before
        assert served(connection) == ["etretat", "etretat-2"]
        assert start(connection.training).filter_id == "etretat-3"


@pytest.mark.parametrize(
    ("fate", "problem", "log"),
    [
        ("die", "was killed (signal 9), usually because memory ran out", "About to die."),
        ("fail", "The pictures are too dull; choose others.", "error: The pictures are too dull; choose others."),
        ("crash", "unexpectedly with exit status 1", "RuntimeError: a fault of the trainer"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")
def test_a_training_whose_process_ends_says_why_and_can_go_on(serve: Serve, fate: str, problem: str, log: str) -> None:
    with serve() as connection:
        job = start(connection.training, description=fate)
        failed = ended(connection.training, job.id)
        assert failed.state == pb.TRAINING_STATE_FAILED and problem in failed.problem
        assert log in connection.training.GetTraining(pb.GetTrainingRequest(id=job.id)).log_tail
        resumed = connection.training.ResumeTraining(pb.ResumeTrainingRequest(id=job.id)).job
        assert (resumed.restarts, resumed.problem) == (1, "")
        assert ended(connection.training, job.id).state == pb.TRAINING_STATE_FINISHED


def test_warnings_on_the_way_stay(serve: Serve) -> None:
    with serve() as connection:
        job = start(connection.training, description="warn")
        assert ended(connection.training, job.id).warnings == ["The batch was halved."]


def test_a_process_that_does_not_stop_is_ended(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "STOP_SECONDS", 0.2)
    with serve() as connection:
        job = start(connection.training, images=LONG, description="deaf")
        until(connection.training, job.id, learning)
        cancel(connection, job.id)
        assert ended(connection.training, job.id, 10).state == pb.TRAINING_STATE_CANCELLED


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the process is looked for in /proc")
def test_a_training_that_only_starts_is_ended_at_once_and_can_go_on(serve: Serve) -> None:
    with serve() as connection:
        job = start(connection.training, description="slow")
        log = connection.filters_folder / "trainings" / job.id / "log.txt"
        eventually(lambda: bool(processes_with(log)))
        cancel(connection, job.id)
        assert ended(connection.training, job.id, 10).state == pb.TRAINING_STATE_CANCELLED
        resumed = connection.training.ResumeTraining(pb.ResumeTrainingRequest(id=job.id)).job
        assert resumed.state == pb.TRAINING_STATE_RUNNING


def test_only_what_has_ended_is_deleted_and_its_filter_stays(serve: Serve) -> None:
    with serve() as connection:
        job = start(connection.training, images=LONG)
        with failing() as failures:
            connection.training.DeleteTraining(pb.DeleteTrainingRequest(id=job.id))
        assert (failures[0].code, failures[0].reason) == ("FAILED_PRECONDITION", "WRONG_STATE")
        until(connection.training, job.id, learning)
        cancel(connection, job.id, keep=True)
        ended(connection.training, job.id)
        connection.training.DeleteTraining(pb.DeleteTrainingRequest(id=job.id))
        assert not connection.training.ListTrainings(pb.ListTrainingsRequest()).jobs
        assert served(connection) == ["etretat"]
        assert [path.name for path in (connection.filters_folder / "trainings").iterdir()] == [".lock"]


def test_only_what_was_cancelled_or_failed_goes_on(serve: Serve) -> None:
    with serve() as connection:
        job = start(connection.training, images=LONG)
        with failing() as failures:
            connection.training.ResumeTraining(pb.ResumeTrainingRequest(id=job.id))
        assert failures[0].reason == "WRONG_STATE"


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the process is looked for in /proc")
def test_trainings_run_behind_everything_else(serve: Serve) -> None:
    with serve() as connection:
        job = start(connection.training, images=LONG)
        until(connection.training, job.id, learning)
        log = connection.filters_folder / "trainings" / job.id / "log.txt"
        assert [os.getpriority(os.PRIO_PROCESS, number) for number in processes_with(log)] == [10]
