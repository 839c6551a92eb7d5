from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.factories import tiny_config
from training.errors import InputError
from training.running.run import RunFolder


def test_a_run_that_cannot_be_written_is_refused_in_a_sentence() -> None:
    with pytest.raises(InputError, match=r"^The run cannot be written to /proc/run \(.*\); choose another --output"):
        RunFolder.create(Path("/proc/run"), tiny_config())


def test_a_folder_that_holds_something_is_not_taken_for_a_new_run(tmp_path: Path) -> None:
    (tmp_path / "something").write_text("precious")
    with pytest.raises(InputError, match="is not empty; choose another --output, or continue with --resume"):
        RunFolder.create(tmp_path, tiny_config())
    assert [file.name for file in tmp_path.iterdir()] == ["something"]
