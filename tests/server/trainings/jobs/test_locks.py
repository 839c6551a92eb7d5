from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from server.trainings.jobs.locks import Held, hold


def test_what_is_held_is_refused_until_it_is_let_go(tmp_path: Path) -> None:
    with hold(tmp_path / "log"), pytest.raises(Held):
        hold(tmp_path / "log")
    hold(tmp_path / "log").close()


def test_a_child_holds_its_log_when_its_parent_has_gone(tmp_path: Path) -> None:
    log = hold(tmp_path / "log")
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=log)
    log.close()
    with pytest.raises(Held):
        hold(tmp_path / "log")
    child.communicate(b"\n")
    hold(tmp_path / "log").close()
