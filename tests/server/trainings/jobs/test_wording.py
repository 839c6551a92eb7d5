"""What callers read of the trainer's words tells nothing about the server's machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.trainings.jobs.store import JobFolder
from server.trainings.jobs.wording import for_callers, log_for_callers

FOLDER = JobFolder(Path("/srv/our trainings/etretat-3f9a"))
LOG = """Training sincut on cpu, 12 images/s (3/4 done), see https://studio.example/help/page
/opt/venv/lib/python3.12/site-packages/torch/optim/a.py:136: UserWarning: Detected a call out of order
  warnings.warn(
Reading /srv/our trainings/etretat-3f9a/pictures/source/000-a.png and "/mnt/studio/shared/b.png".
Traceback (most recent call last):
  File "/opt/pleinair/training/fit.py", line 42, in main
    return _fit(options)
           ^^^^^^^^^^^^^
RuntimeError: a fault of the trainer at /opt/pleinair/data.bin
error: C:\\Users\\artist\\run\\config.json is damaged \x1b[31m
last"""


def test_the_log_is_without_places_and_without_the_programs_own_lines() -> None:
    assert log_for_callers(LOG.split("\n"), FOLDER) == [
        "Training sincut on cpu, 12 images/s (3/4 done), see https://studio.example/help/page",
        'Reading pictures/source/000-a.png and "b.png".',
        "RuntimeError: a fault of the trainer at data.bin",
        "error: config.json is damaged \N{REPLACEMENT CHARACTER}[31m",
        "last",
    ]


def test_a_log_that_begins_in_the_middle_of_a_report_is_cut_to_its_end() -> None:
    assert log_for_callers(LOG.split("\n")[5:], FOLDER)[0].startswith("RuntimeError")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("A file of the run /srv/our trainings/etretat-3f9a/run/a.pt cannot be written.", "A file of the run run/a.pt"),
        ("/mnt/studio/b.png is no picture; choose --strategy resize.", "b.png is no picture; choose strategy resize."),
        ("file:///home/artist/a.png is broken", "a.png is broken"),
        ("Learned 3/4 of it, at 2 images/s.", "Learned 3/4 of it, at 2 images/s."),
    ],
)
def test_a_sentence_names_files_without_where_they_lie(said: str, told: str) -> None:
    assert for_callers(said, FOLDER).startswith(told)
