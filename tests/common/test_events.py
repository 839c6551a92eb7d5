"""What training.fit reports is what the server's jobs understand: the real writer, the real reader, and no training."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from server.trainings.jobs.job import Job
from server.trainings.jobs.store import JobFolder
from server.trainings.jobs.trainer import changes_of, sentence_of_end
from training.running.reporter import JsonLines, Reporter

FOLDER = JobFolder(Path("monet-0000"))
JOB = Job(id="monet-0000", title="Monet", preset="sincut", filter_id="monet", create_time=1.5, turn=1)


def reported(report: Callable[[Reporter], None]) -> dict[str, Any]:
    """The object that stands on the only line."""
    stream = io.StringIO()
    report(JsonLines(stream))
    return dict(json.loads(stream.getvalue()))


@pytest.mark.parametrize(
    ("report", "changes"),
    [
        (lambda to: to.started(0, 8, "cpu"), {"images_seen": 0, "images_total": 8, "device": "cpu"}),
        (lambda to: to.step(4, {"G": 0.5}, 2.0), {"images_seen": 4, "losses": {"G": 0.5}, "seconds_left": 2.0}),
        (lambda to: to.preview(4, "previews/a.png"), {"preview": "previews/a.png"}),
        (lambda to: to.checkpoint(4), {"can_export": True, "images_seen": 4}),
        (lambda to: to.warning("It is slow."), {"warnings": ("It is slow.",)}),
        (lambda to: to.stopped(4), {"images_seen": 4, "seconds_left": None}),
        (
            lambda to: to.finished(8, "filter.onnx"),
            {"images_seen": 8, "images_total": 8, "seconds_left": None, "can_export": True},
        ),
        (lambda to: to.failed("It went wrong."), {}),
    ],
    ids=["started", "step", "preview", "checkpoint", "warning", "stopped", "finished", "failed"],
)
def test_every_event_changes_the_job_as_it_says(report: Callable[[Reporter], None], changes: dict[str, Any]) -> None:
    assert changes_of(reported(report), JOB, FOLDER) == changes


def test_why_training_failed_is_the_sentence_that_was_reported() -> None:
    assert sentence_of_end(2, reported(lambda to: to.failed("It went wrong.")), FOLDER) == "It went wrong."
