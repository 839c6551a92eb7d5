"""Who may have another training wait or run."""

from __future__ import annotations

import pytest

from server.errors import Reason, Refusal
from server.trainings.jobs.job import Job, State
from server.trainings.places import check_places


def jobs_of(*clients: str, state: State = State.QUEUED) -> list[Job]:
    return [
        Job(id=f"{number}", title="A", preset="cut", filter_id="a", create_time=0, turn=number, client=who, state=state)
        for number, who in enumerate(clients)
    ]


def test_a_full_queue_is_full_for_all() -> None:
    with pytest.raises(Refusal) as caught:
        check_places(jobs_of("a", "b", "a", "c"), 4, "d")
    assert caught.value.reason is Reason.QUEUE_FULL
    assert caught.value.sentence.startswith("4 trainings are waiting or running, the most this server accepts;")
    assert caught.value.retry_seconds == 60


def test_one_client_leaves_a_quarter_to_others() -> None:
    jobs = jobs_of("a", "a", "a")
    with pytest.raises(Refusal) as caught:
        check_places(jobs, 4, "a")
    assert caught.value.sentence.startswith("3 of your trainings are waiting or running, the most of one client;")
    check_places(jobs, 4, "b")


def test_trainings_that_have_ended_take_no_room() -> None:
    check_places(jobs_of("a", "a", "a", "a", state=State.FINISHED), 4, "a")


def test_who_is_nobody_in_particular_may_have_it_all() -> None:
    check_places(jobs_of("", "", ""), 4, "")
