"""Processes that leave nothing behind: groups end on timeout, and strays are found by the mark in their environment."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path


def finish(process: subprocess.Popen[str], timeout: float) -> subprocess.CompletedProcess[str]:
    """Waits for the program; past ``timeout`` seconds ends its group and raises TimeoutExpired with its output."""
    try:
        output, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as late:
        end_group(process)
        output, _ = process.communicate(timeout=20)
        late.add_note(f"Its output was:\n{output}")
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, output, "")


def end_group(process: subprocess.Popen[str]) -> None:
    """Ends a program that was started in a session of its own, with its children."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def end_all(mark: str) -> None:
    """Ends every process whose environment carries ``mark``, also those that left their group, and waits until they are
    gone. Raises TimeoutError."""
    end = time.monotonic() + 20
    while pids := marked(mark):
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > end:
            raise TimeoutError(f"These processes do not end: {pids}.")
        time.sleep(0.01)


def marked(mark: str) -> list[int]:
    """The running processes whose environment carries ``mark``. On Linux; elsewhere none are found."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark.encode() in _environment(process):
                found.append(int(process.name))
    return found


def _environment(process: Path) -> bytes:
    """Read again for a moment where there is none: a process that is just starting a program has none yet. Raises
    OSError for one that is gone or, having no program, never has any."""
    end = time.monotonic() + 0.2
    while not (text := (process / "environ").read_bytes()) and time.monotonic() < end:
        (process / "exe").readlink()
        time.sleep(0.001)
    return text
