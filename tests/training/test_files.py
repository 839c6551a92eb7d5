from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.training.factories import tiny_config
from training.errors import InputError
from training.files import write_whole
from training.running.run import RunFolder


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """The operating system refuses to let any file grow beyond ``size`` bytes, much as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


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


def test_a_run_that_cannot_be_written_is_refused_in_a_sentence() -> None:
    with pytest.raises(InputError, match=r"^The run cannot be written to /proc/run \(.*\); choose another --output"):
        RunFolder.create(Path("/proc/run"), tiny_config())


def test_a_folder_that_holds_something_is_not_taken_for_a_new_run(tmp_path: Path) -> None:
    (tmp_path / "something").write_text("precious")
    with pytest.raises(InputError, match="is not empty; choose another --output, or continue with --resume"):
        RunFolder.create(tmp_path, tiny_config())
    assert [file.name for file in tmp_path.iterdir()] == ["something"]
