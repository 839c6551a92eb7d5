"""The programs as their users run them: in processes of their own."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_LINE = re.compile(r"on (127\.0\.0\.1:\d+) with")


class ProgramFailed(Exception):
    """A program ended with another status than 0; it has said why itself."""


def python(module: str, *arguments: str) -> None:
    """Runs ``python -m module arguments``, its output on ours. Raises ProgramFailed."""
    status = subprocess.run([sys.executable, "-m", module, *arguments]).returncode
    if status != 0:
        raise ProgramFailed(f"python -m {module} ended with status {status}; its message is above.")


@contextmanager
def server_process(filters: Path) -> Iterator[str]:
    """A server on a free port; gives its address once it answers, and ends it. Raises ProgramFailed."""
    command = [sys.executable, "-m", "server", "--filters", str(filters), "--address", "127.0.0.1:0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = START_LINE.search(line)
        if not found:
            raise ProgramFailed("The server did not start; its message is above.")
        print(line, end="", flush=True)
        yield found[1]
    finally:
        process.terminate()
        process.communicate(timeout=60)
