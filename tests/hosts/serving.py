"""The server beside the editors: a process of its own, which a test may end when it likes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.processes import START_LINE


@dataclass(frozen=True)
class HostServer:
    """``address`` is reached from inside the editors too: they share the loopback address."""

    address: str
    folder: Path
    process: subprocess.Popen[str]

    def kill(self) -> None:
        """Ends it in the middle of whatever it does."""
        self.process.kill()
        self.process.wait(timeout=20)


@contextmanager
def serving(folder: Path, *options: str, address: str = "127.0.0.1:0") -> Iterator[HostServer]:
    """``python -m server`` on a folder of filters. Its log goes to the test's own output."""
    command = [sys.executable, "-m", "server", "--filters", str(folder), "--address", address, *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        line = process.stdout.readline()
        found = START_LINE.search(line)
        assert found, f"The server did not start; it said {line!r} and what is above."
        yield HostServer(found[1], folder, process)
    finally:
        process.terminate()
        process.communicate(timeout=60)
