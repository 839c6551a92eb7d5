"""What the ends of the trainer's processes mean, in words."""

from __future__ import annotations

from pathlib import Path

from server.jobs.store import JobFolder
from server.jobs.trainer import sentence_of_end

FOLDER = JobFolder(Path("/srv/trainings/etretat-3f9a"))


def test_a_sentence_of_the_trainer_does_not_tell_where_the_server_keeps_its_files() -> None:
    said = f"The preview {FOLDER.run / 'previews' / 'a.png'} cannot be written (No space left on device)."
    told = sentence_of_end(2, {"event": "failed", "sentence": said}, FOLDER)
    assert told == f"The preview {Path('run', 'previews', 'a.png')} cannot be written (No space left on device)."


def test_options_that_the_trainer_does_not_take_are_not_resumed() -> None:
    told = sentence_of_end(2, {}, FOLDER)
    assert "options" in told and "resume" not in told.lower()
