from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from training.errors import InputError
from training.running.lock import folder_lock

HOLD = """
import sys, pathlib
from training.running.lock import folder_lock
with folder_lock(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(folder: Path) -> subprocess.Popen[str]:
    """A process that holds the folder until its input ends."""
    command = [sys.executable, "-c", HOLD, str(folder)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_folder_in_use_is_refused_and_free_again_once_its_process_ends(tmp_path: Path) -> None:
    process = holder(tmp_path)
    with pytest.raises(InputError, match="is in use by another training"), folder_lock(tmp_path):
        pass
    process.communicate("", timeout=60)
    with folder_lock(tmp_path):
        pass


def test_a_killed_process_leaves_its_folder_free(tmp_path: Path) -> None:
    process = holder(tmp_path)
    process.kill()
    process.communicate(timeout=60)
    with folder_lock(tmp_path):
        pass
