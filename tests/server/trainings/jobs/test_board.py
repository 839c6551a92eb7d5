"""What is kept on disk of trainings, and when."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from server.trainings.jobs.board import Board
from server.trainings.jobs.job import Job, State
from server.trainings.jobs.store import JobStore


def board_of(tmp_path: Path, *titles: str) -> tuple[Board, JobStore]:
    store, board = JobStore(tmp_path), Board(JobStore(tmp_path), [])
    for turn, title in enumerate(titles):
        job = Job(id=f"{title}-0000", title=title, preset="", filter_id=title, create_time=0.0, turn=turn)
        with store.draft(job.id) as draft:
            store.commit(draft, job)
        board.add(job)
    return board, store


def test_an_end_that_found_the_disk_full_is_saved_with_the_next_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board, store = board_of(tmp_path, "one", "two")

    def full(self: JobStore, job: Job) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(JobStore, "save", full)
        board.update("one-0000", state=State.CANCELLED)
    assert [job.state for job in store.load()[0]] == [State.QUEUED, State.QUEUED]
    board.update("two-0000", state=State.RUNNING)
    assert [job.state for job in store.load()[0]] == [State.CANCELLED, State.RUNNING]


def test_previews_at_every_step_are_saved_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    board, _ = board_of(tmp_path, "one")
    saved: list[str] = []
    monkeypatch.setattr(JobStore, "save", lambda self, job: saved.append(job.preview))
    for images in range(100):
        board.update("one-0000", preview=f"previews/images-{images}.png")
    assert saved == ["previews/images-0.png"]
