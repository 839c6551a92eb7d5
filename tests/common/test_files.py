from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
from pleinair.common.files import is_draft_of, remove_drafts, write_whole

from tests.full_disk import files_limited_to


def test_a_written_file_replaces_the_old_one(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", b"old")
    write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", b"old")
    with files_limited_to(1000), pytest.raises(OSError):
        write_whole(tmp_path / "a", bytes(5000))
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def test_processes_that_write_the_same_file_at_once_leave_one_of_them_whole(tmp_path: Path) -> None:
    contents = [bytes([value]) * 200_000 for value in range(4)]
    processes = [multiprocessing.Process(target=write_often, args=(tmp_path / "a", content)) for content in contents]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    assert (tmp_path / "a").read_bytes() in contents
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def write_often(path: Path, contents: bytes) -> None:
    for _ in range(5):
        write_whole(path, contents)


def test_drafts_of_this_and_of_earlier_versions_are_known_and_removed(tmp_path: Path) -> None:
    drafts = [tmp_path / ".config.json.tmp", tmp_path / ".config.json.4711.tmp"]
    for file in (*drafts, tmp_path / "config.json", tmp_path / ".config.json"):
        file.write_bytes(b"")
    assert all(is_draft_of(tmp_path / "config.json", draft) for draft in drafts)
    assert not is_draft_of(tmp_path / "config", tmp_path / "config.json")
    assert not is_draft_of(tmp_path / "metrics.jsonl", drafts[0])
    remove_drafts(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [".config.json", "config.json"]
