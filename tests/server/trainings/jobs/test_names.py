from __future__ import annotations

import pytest

from server.trainings.jobs.names import filter_id, is_job_id, job_id, slug


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Étretat", "etretat"),
        ("  The Sea (2)!", "the-sea-2"),
        ("..", "filter"),
        ("海", "filter"),
        ("a/../b", "a-..-b"),
        ("x" * 100, "x" * 40),
    ],
)
def test_a_title_becomes_a_name_for_files(title: str, expected: str) -> None:
    assert slug(title, "filter") == expected


def test_a_filter_whose_name_is_taken_gets_a_number() -> None:
    assert filter_id("Étretat", {"etretat", "etretat-2"}) == "etretat-3"


def test_jobs_of_the_same_title_have_their_own_names() -> None:
    taken: set[str] = set()
    for _ in range(50):
        taken.add(job_id("Étretat", taken))
    assert len(taken) == 50 and all(map(is_job_id, taken))


@pytest.mark.parametrize("text", ["", "..", "../etretat-3f9a", "etretat", ".etretat-3f9a.tmp", "Etretat-3f9a"])
def test_what_is_no_name_of_a_job_is_known(text: str) -> None:
    assert not is_job_id(text)
