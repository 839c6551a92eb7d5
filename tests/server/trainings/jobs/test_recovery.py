"""What becomes of trainings when their server ends, and another starts in the same folder."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from pleinair.v1 import filters_pb2
from pleinair.v1 import training_pb2 as pb

from server.trainings.jobs.locks import hold
from tests import factories
from tests.server.trainings.jobs.conftest import Serve
from tests.trainings import ended, eventually, get, is_free, learning, start, until

LONG = 100_000


def test_the_same_request_twice_is_one_training_also_after_a_restart(serve: Serve) -> None:
    with serve() as connection:
        first = start(connection.training, request_id="r1", images=LONG)
        assert start(connection.training, request_id="r1").id == first.id
        assert start(connection.training, request_id="r2").id != first.id
    with serve() as connection:
        assert start(connection.training, request_id="r1").id == first.id


def test_what_ran_when_the_server_ended_goes_on_first_and_from_its_checkpoint(serve: Serve, filters: Path) -> None:
    with serve() as connection:
        jobs = [start(connection.training, title, images=LONG) for title in ("One", "Two", "Three")]
        seen = until(connection.training, jobs[0].id, learning).images_seen
    begun, kept = _beginnings(filters, jobs[0]), _newest_checkpoint(filters, jobs[0])
    assert kept >= seen - 2  # every second step is kept, after it was told
    with serve() as connection:
        assert [get(connection.training, job.id).queue_position for job in jobs] == [0, 0, 1]
        again = until(connection.training, jobs[0].id, lambda job: job.images_seen > seen + 2)
        assert (again.state, again.restarts) == (pb.TRAINING_STATE_RUNNING, 1)
        assert begun == [0] and _beginnings(filters, jobs[0])[1] == kept
        assert get(connection.training, jobs[1].id).restarts == 0


def _newest_checkpoint(filters: Path, job: pb.TrainingJob) -> int:
    """At how many images the last one was saved."""
    files = (filters / "trainings" / job.id / "run" / "checkpoints").glob("images-*.pt")
    return max(int(file.stem.removeprefix("images-")) for file in files)


def _beginnings(filters: Path, job: pb.TrainingJob) -> list[int]:
    """At how many images each of its processes began."""
    lines = (filters / "trainings" / job.id / "log.txt").read_text().splitlines()
    return [int(line.removeprefix("Going on after ")) for line in lines if line.startswith("Going on after ")]


def test_what_was_being_ended_when_the_server_ended_is_ended_after_all(serve: Serve, filters: Path) -> None:
    with serve() as connection:
        jobs = [start(connection.training, title, images=LONG) for title in ("One", "Two")]
        until(connection.training, jobs[0].id, learning)
    for job, ending in zip(jobs, ("keep", "cancel"), strict=True):
        file = filters / "trainings" / job.id / "job.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"state": "ending", "ending": ending}))
    with serve() as connection:
        assert ended(connection.training, jobs[0].id).state == pb.TRAINING_STATE_FINISHED
        assert ended(connection.training, jobs[1].id).state == pb.TRAINING_STATE_CANCELLED
        listed = connection.filters.ListFilters(filters_pb2.ListFiltersRequest())
        assert [found.id for found in listed.filters] == ["one"]


@pytest.mark.skipif(sys.platform == "win32", reason="there a child does not hold the lock")
def test_a_run_whose_earlier_process_lives_yet_waits_for_its_end(serve: Serve, filters: Path) -> None:
    with serve() as connection:
        job = start(connection.training, images=LONG)
        until(connection.training, job.id, learning)
    log = hold(filters / "trainings" / job.id / "log.txt")
    with serve() as connection:
        waiting = until(connection.training, job.id, lambda job: job.state == pb.TRAINING_STATE_RUNNING)
        assert waiting.restarts == 1
        log.close()
        until(connection.training, job.id, lambda job: job.images_seen > waiting.images_seen + 2)


def test_a_second_server_on_the_same_folder_does_not_train_and_says_so(serve: Serve, filters: Path) -> None:
    with serve() as connection:
        job = start(connection.training, images=LONG)
        with factories.running_server(filters) as second:
            lines = second.application.start_lines(second.address)
            assert any("keeps its trainings in the same folder" in line for line in lines)
        assert get(connection.training, job.id).state == pb.TRAINING_STATE_RUNNING


def test_a_damaged_job_is_set_aside_in_words_and_the_others_go_on(serve: Serve, filters: Path) -> None:
    with serve() as connection:
        jobs = [start(connection.training, title, images=LONG) for title in ("One", "Two")]
    damaged = filters / "trainings" / jobs[0].id / "job.json"
    damaged.write_text(damaged.read_text()[:100])
    with serve() as connection:
        listed = connection.training.ListTrainings(pb.ListTrainingsRequest()).jobs
        assert [job.id for job in listed] == [jobs[1].id]
        assert not damaged.exists() and damaged.with_name("job.json.damaged").exists()
        until(connection.training, jobs[1].id, learning)


def test_no_process_outlives_the_server(serve: Serve, filters: Path) -> None:
    with serve() as connection:
        job = start(connection.training, images=LONG)
        until(connection.training, job.id, learning)
    log = filters / "trainings" / job.id / "log.txt"
    eventually(lambda: is_free(log))
