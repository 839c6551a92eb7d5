"""What the ends of the trainer's processes mean, in words."""

from __future__ import annotations

from pathlib import Path

from server.trainings.jobs.job import Job
from server.trainings.jobs.store import JobFolder
from server.trainings.jobs.trainer import changes_of, sentence_of_end

FOLDER = JobFolder(Path("/srv/trainings/etretat-3f9a"))
JOB = Job(id="etretat-3f9a", title="Étretat", preset="sincut", filter_id="etretat", create_time=1.5, turn=1)


def test_a_sentence_of_the_trainer_names_options_as_callers_do_and_not_where_the_server_keeps_its_files() -> None:
    said = f"--crop-size is 64, but every picture in {FOLDER.sources} is smaller - use --strategy resize."
    told = sentence_of_end(2, {"event": "failed", "sentence": said}, FOLDER)
    plain = f"crop-size is 64, but every picture in {Path('pictures', 'source')} is smaller - use strategy resize."
    assert told == plain
    warning = {"event": "warning", "sentence": said}
    assert changes_of(warning, JOB, FOLDER) == {"warnings": (plain,)}


def test_options_that_the_trainer_does_not_take_are_not_resumed() -> None:
    told = sentence_of_end(2, {}, FOLDER)
    assert "options" in told and "resume" not in told.lower()
