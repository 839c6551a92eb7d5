"""The base install serves and translates; who trains on it is told what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# Read by every Python that starts with this folder on its path.
HIDE_TORCH = """
import importlib.machinery

class PathFinder(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name == "torch" else super().find_spec(name, path, target)

import sys
sys.meta_path = [PathFinder if finder is importlib.machinery.PathFinder else finder for finder in sys.meta_path]
"""


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["-m", "training.fit", "--help"], "error: Training needs PyTorch"),
        (["-m", "training.export", "run"], "error: Training needs PyTorch"),
        (["-c", "import training"], "ImportError: Training needs PyTorch"),
    ],
)
def test_training_without_torch_says_what_to_install(tmp_path: Path, command: list[str], said: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(HIDE_TORCH)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True)
    last = done.stderr.splitlines()[-1]
    assert (done.returncode, last.startswith(said)) == (1, True), done.stderr
    assert "pip install 'pleinair[train]'" in last
    assert (len(done.stderr.splitlines()) == 1) == (command[0] == "-m")
