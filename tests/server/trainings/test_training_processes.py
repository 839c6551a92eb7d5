"""Trainings from end to end: a real server, real processes of the trainer, a network of almost nothing."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from pleinair.v1 import filters_pb2
from pleinair.v1 import training_pb2 as pb

from tests.contract.connection import Connection
from tests.real_trainings import SECONDS, TINY, training_server
from tests.trainings import ended, eventually, get, is_free, learning, processes_with, start, until, watch

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the trainer's processes are looked for in /proc"),
]


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """So little to compute is slower in several."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture
def filters(tmp_path: Path) -> Path:
    folder = tmp_path / "filters"
    folder.mkdir()
    return folder


def cancel(connection: Connection, job: pb.TrainingJob, *, keep: bool = False) -> pb.TrainingJob:
    connection.training.CancelTraining(pb.CancelTrainingRequest(id=job.id, keep_filter=keep))
    return ended(connection.training, job.id, SECONDS)


def test_a_training_survives_the_death_of_its_server_and_its_filter_translates(filters: Path) -> None:
    with training_server(filters) as (server, connection):
        job = start(connection.training, images=60, **TINY)
        seen = until(connection.training, job.id, learning, SECONDS).images_seen
        server.kill()
    with training_server(filters) as (_, connection):
        early = watch(connection.training, job.id, seconds=SECONDS)
        again = until(connection.training, job.id, lambda job: bool(job.device) and job.images_seen > seen, SECONDS)
        assert again.restarts == 1
        late = watch(connection.training, job.id)
        assert next(late).HasField("preview") and next(late).HasField("original")
        *_, last = early
        assert last.job == ended(connection.training, job.id)
        assert (last.job.state, last.job.images_seen) == (pb.TRAINING_STATE_FINISHED, 60)
        (found,) = connection.filters.ListFilters(filters_pb2.ListFiltersRequest()).filters
        assert (found.id, found.title, found.training.images_seen) == ("etretat", "Étretat", 60)
        assert (found.source_domain, found.target_domain) == ("painting", "photo")
        picture = np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)
        assert connection.translate("etretat", picture).std() > 0
    begun = (filters / "trainings" / job.id / "log.txt").read_text()
    assert "continuing after" in begun and "continuing after 0" not in begun


def test_three_trainings_take_turns_and_each_ends_in_its_own_way(filters: Path) -> None:
    with training_server(filters) as (server, connection):
        jobs = [start(connection.training, title, images=1_000_000, **TINY) for title in ("One", "Two", "Three")]
        until(connection.training, jobs[0].id, learning, SECONDS)
        assert [get(connection.training, job.id).queue_position for job in jobs] == [0, 0, 1]

        one = cancel(connection, jobs[0])
        assert (one.state, one.can_export, one.filter_ready) == (pb.TRAINING_STATE_CANCELLED, True, False)
        assert next(watch(connection.training, one.id)).preview.png.startswith(b"\x89PNG")

        until(connection.training, jobs[1].id, learning, SECONDS)
        two = cancel(connection, jobs[1], keep=True)
        assert (two.state, two.filter_ready) == (pb.TRAINING_STATE_FINISHED, True)
        found = connection.filters.GetFilter(filters_pb2.GetFilterRequest(id="two")).filter
        assert found.training.images_seen == two.images_seen

        until(connection.training, jobs[2].id, learning, SECONDS)
        log = filters / "trainings" / jobs[2].id / "log.txt"
        (process,) = (number for number in processes_with(log) if number != server.process.pid)
        os.kill(process, signal.SIGKILL)
        three = ended(connection.training, jobs[2].id, SECONDS)
        assert three.state == pb.TRAINING_STATE_FAILED and "(signal 9)" in three.problem
        told = connection.training.GetTraining(pb.GetTrainingRequest(id=three.id)).log_tail
        assert any(line.startswith("Training sincut on cpu") for line in told)

        connection.training.ResumeTraining(pb.ResumeTrainingRequest(id=three.id))
        until(connection.training, three.id, lambda job: job.images_seen > three.images_seen, SECONDS)
    assert json.loads(log.with_name("job.json").read_text())["state"] == "running"
    assert log.read_text().splitlines()[-1].startswith("Stopped after")  # with a checkpoint, as the server ended
    eventually(lambda: is_free(log))
