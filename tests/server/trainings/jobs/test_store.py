from __future__ import annotations

import json
from pathlib import Path

import pytest

from server.trainings.jobs.job import Ending, Job, State
from server.trainings.jobs.store import JobStore


def job(job_id: str = "etretat-3f9a") -> Job:
    return Job(id=job_id, title="Étretat", preset="sincut", filter_id="etretat", create_time=1.5, turn=1)


def stored(store: JobStore, made: Job) -> Path:
    with store.draft(made.id) as draft:
        (draft.sources / "000-a.png").write_bytes(b"picture")
        store.commit(draft, made)
    return store.folder(made.id).path


def test_a_job_is_read_as_it_was_saved(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    folder = stored(store, job())
    made = Job(
        **vars(job())
        | {"state": State.ENDING, "ending": Ending.KEEP, "losses": {"G": 0.5}, "warnings": ("One.",), "end_time": 2.5}
    )
    store.save(made)
    assert store.load() == ([made], [])
    assert sorted(path.name for path in folder.iterdir()) == ["job.json", "pictures"]


def test_a_draft_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), JobStore(tmp_path).draft("etretat-3f9a") as draft:
        (draft.sources / "000-a.png").write_bytes(b"picture")
        raise RuntimeError
    assert not list(tmp_path.iterdir())


def test_what_a_killed_server_left_half_made_goes(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    folder = stored(store, job())
    (tmp_path / ".etretat-3f9a.tmp" / "pictures").mkdir(parents=True)
    (tmp_path / "notes").mkdir()
    (folder / ".0a1b2c3d.tmp").write_bytes(b"half a filter")
    assert store.load() == ([job()], [])
    assert sorted(path.name for path in tmp_path.iterdir()) == [folder.name, "notes"]
    assert sorted(path.name for path in folder.iterdir()) == ["job.json", "pictures"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "is not JSON"),
        ("[]", "lacks what describes a training"),
        ('{"format": 1}', "lacks what describes a training"),
        (job().to_json().replace('"format": 1', '"format": 2'), "is of another version of Pleinair"),
        (job().to_json().replace('"queued"', '"dreaming"'), "has an invalid state"),
        (job().to_json().replace('"ending": null', '"ending": "never"'), "has an invalid ending"),
        (job().to_json().replace("1.5", '"soon"'), "has an invalid create_time"),
        (job("other-3f9a").to_json(), "is that of other-3f9a"),
        (None, "cannot be read (No such file or directory)"),
    ],
)
def test_a_job_that_cannot_be_read_is_set_aside_in_words(tmp_path: Path, text: str | None, reason: str) -> None:
    store = JobStore(tmp_path)
    folder = stored(store, job())
    (folder / "job.json").unlink()
    if text is not None:
        (folder / "job.json").write_text(text)
    jobs, (problem,) = store.load()
    assert not jobs and reason in problem and str(folder) in problem
    assert (folder / "job.json.damaged").exists() == (text is not None)
    assert (folder / "pictures" / "source" / "000-a.png").exists()


def test_a_removed_job_is_gone_with_its_files(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    stored(store, job())
    store.remove(store.discard(job().id))
    assert not list(tmp_path.iterdir())


def test_the_end_of_a_log_is_that_of_a_terminal(tmp_path: Path) -> None:
    folder = JobStore(tmp_path).folder("etretat-3f9a")
    assert folder.log_lines() == []
    folder.path.mkdir()
    lines = "".join(f"line {number}\n" for number in range(20_000))
    folder.log.write_bytes(lines.encode() + b"10 %\r50 %\r100 %\n\nbad \xff byte\r\nlast")
    assert folder.log_lines()[-3:] == ["100 %", "bad � byte", "last"]
    assert 50 < len(folder.log_lines()) < 10_000


def test_the_json_is_for_people_too() -> None:
    assert json.loads(job().to_json())["title"] == "Étretat"
    assert "Étretat" in job().to_json()
