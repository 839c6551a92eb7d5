"""Pictures through standard input and output, as in a pipe."""

from __future__ import annotations

import os
import sys

from pleinair.pictures.picture import PictureError

from server.errors import UsageError

CLOSED = 141  # the exit status where nobody reads any more, as of programs that SIGPIPE ends


def check_output() -> None:
    """Raises UsageError where standard output is a terminal, or closed."""
    if sys.stdout is None:
        raise UsageError("-o - writes to standard output, which is closed; write to a file: -o out.png.")
    if sys.stdout.isatty():
        raise UsageError("-o - writes a picture, and standard output is a terminal; send it on: > out.png")


def read_input() -> bytes:
    """Returns all of standard input. Raises PictureError where it is closed."""
    if sys.stdin is None:
        raise PictureError("It is closed; name a picture's file.")
    return sys.stdin.buffer.read()


def write_output(data: bytes) -> None:
    """Writes to standard output. Raises BrokenPipeError where nobody reads it any more."""
    rest = memoryview(data)
    while rest:  # with PYTHONUNBUFFERED a pipe takes only as much as it has room for
        rest = rest[sys.stdout.buffer.write(rest) :]
    sys.stdout.buffer.flush()


def give_up_output() -> int:
    """Makes Python's own flush at the end harmless, after BrokenPipeError. Returns the exit status."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return CLOSED
