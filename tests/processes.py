"""The programs as their users run them: in processes of their own."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_LINE = re.compile(r"on (127\.0\.0\.1:\d+) with")


class ProgramFailed(Exception):
    """A program ended with another status than 0; it has said why itself."""


def python(module: str, *arguments: str) -> None:
    """Runs ``python -m module arguments``, its output on ours. Raises ProgramFailed."""
    status = subprocess.run([sys.executable, "-m", module, *arguments]).returncode
    if status != 0:
        raise ProgramFailed(f"python -m {module} ended with status {status}; its message is above.")


@dataclass(frozen=True)
class ServerProcess:
    """A server that has said where it listens, in ``first_line``."""

    address: str
    folder: Path
    process: subprocess.Popen[str]
    first_line: str

    def kill(self) -> None:
        """Ends it in the middle of whatever it does."""
        self.process.kill()
        self.process.wait(timeout=20)


@contextmanager
def serving(
    folder: Path,
    *options: str,
    address: str = "127.0.0.1:0",
    program: Sequence[str] = ("-m", "server"),
    log: int | None = None,
) -> Iterator[ServerProcess]:
    """A server on a folder of filters, which ends with the block. Its log goes to our own errors, or to ``log``, as
    subprocess takes it. Raises ProgramFailed."""
    command = [sys.executable, *program, "--filters", str(folder), "--address", address, *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = START_LINE.search(line)
        if not found:
            raise ProgramFailed(f"The server did not start; it said {line!r} and what is above.")
        yield ServerProcess(found[1], folder, process, line)
    finally:
        process.terminate()
        try:
            process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise


@contextmanager
def server_process(filters: Path) -> Iterator[str]:
    """The address of one that tells us on our own output that it serves."""
    with serving(filters) as server:
        print(server.first_line, end="", flush=True)
        yield server.address
