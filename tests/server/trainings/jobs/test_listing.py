"""However long the names of trainings' pictures are, everybody can list the trainings."""

from __future__ import annotations

from pathlib import Path

from pleinair.v1 import training_pb2 as pb

from server.trainings.jobs.job import Job, State
from server.trainings.jobs.store import JobStore
from tests.server.trainings.jobs.conftest import Serve

NAMES = ("\N{ARTIST PALETTE}" * 200,) * 500  # of so many pictures, each as long as names may be
COUNT = 15


def test_trainings_of_many_long_names_are_listed_in_pages_that_every_client_takes(serve: Serve, filters: Path) -> None:
    (folder := filters / "trainings").mkdir()
    store = JobStore(folder)
    for number in range(COUNT):
        with store.draft(f"old-{number:04x}") as draft:
            store.commit(draft, ended_job(f"old-{number:04x}", number))
    listed: list[str] = []
    with serve() as connection:
        answer = connection.training.ListTrainings(pb.ListTrainingsRequest())
        while answer.next_page_token:
            listed += [job.id for job in answer.jobs]
            answer = connection.training.ListTrainings(pb.ListTrainingsRequest(page_token=answer.next_page_token))
        listed += [job.id for job in answer.jobs]
    assert listed == [f"old-{number:04x}" for number in reversed(range(COUNT))]


def ended_job(job_id: str, number: int) -> Job:
    return Job(
        id=job_id,
        title="Old",
        preset="sincut",
        filter_id=job_id,
        create_time=float(number + 1),
        turn=number,
        source_names=NAMES,
        state=State.CANCELLED,
    )
