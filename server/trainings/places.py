"""Whether another training may wait or run: a bounded number at once, and not all of one client."""

from __future__ import annotations

from collections.abc import Iterable

from server.errors import Reason, Refusal
from server.shares import share_of_one
from server.trainings.jobs.job import Job

RETRY_SECONDS = 60.0


def check_places(jobs: Iterable[Job], most_unfinished: int, client: str) -> None:
    """Raises Refusal when there is none for ``client``; nobody in particular ("") may have all of it."""
    unfinished = [job.client for job in jobs if not job.state.has_ended]
    if len(unfinished) >= most_unfinished:
        raise _refusal(f"{len(unfinished)} trainings are waiting or running, the most this server accepts")
    if client and unfinished.count(client) >= share_of_one(most_unfinished):
        raise _refusal(f"{unfinished.count(client)} of your trainings are waiting or running, the most of one client")


def _refusal(problem: str) -> Refusal:
    sentence = f"{problem}; try again when one has ended, or cancel one."
    return Refusal(Reason.QUEUE_FULL, sentence, retry_seconds=RETRY_SECONDS)
