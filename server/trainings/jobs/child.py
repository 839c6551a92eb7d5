"""Starts one process of the trainer, listens to it and stops it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import IO, Any

NICENESS = 10  # lets translations and exports, for which somebody is waiting, go first
MEMORY_SCORE = "500"  # when memory runs out, Linux kills the trainer and not the server
_LAST_WORDS_SECONDS = 5.0
_PRIVATE = 0o077  # what it writes is for nobody but the server's user

Event = dict[str, Any]


class Child:
    """A trainer's process, for one event loop; all its output except events goes to ``log``. With ``behind`` it runs at
    low priority.

    Closing its standard input asks it to stop; that also happens when this process dies. Raises OSError when it cannot
    be started.
    """

    # Threads, not asyncio's own child processes: those need another kind of loop on Windows than gRPC does.
    def __init__(self, command: Sequence[str], log: IO[bytes], *, behind: bool) -> None:
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._ended: asyncio.Future[int] = self._loop.create_future()
        self._log = log
        self._kill_later: asyncio.TimerHandle | None = None
        self._has_spoken = False
        self._process = _popen(command, log, behind)
        self._reader = threading.Thread(target=self._read, name="training-output", daemon=True)
        self._reader.start()
        threading.Thread(target=self._wait, name="training-end", daemon=True).start()

    async def events(self) -> AsyncIterator[Event]:
        """Yields what the process reports, one JSON object a line, until it has ended."""
        while (event := await self._events.get()) is not None:
            yield event

    async def wait(self) -> int:
        """Returns the exit status, which is the negative signal number if a signal ended the process."""
        return await asyncio.shield(self._ended)

    def stop(self, kill_seconds: float) -> None:
        """Asks the process to save a checkpoint and end, and kills it after ``kill_seconds``. A process that has
        reported nothing yet has nothing to lose, and does not listen for its first seconds: it is killed at once."""
        self._close_input()
        kill_time = self._loop.time() + (kill_seconds if self._has_spoken else 0)
        if self._ended.done() or (self._kill_later and self._kill_later.when() < kill_time):
            return
        if self._kill_later:
            self._kill_later.cancel()
        self._kill_later = self._loop.call_at(kill_time, _kill, self._process)

    def _close_input(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                event = _event(line)
                if event is None:
                    with contextlib.suppress(OSError):  # the disk may be full, and the events matter more
                        os.write(self._log.fileno(), line)
                else:
                    self._has_spoken = True
                    self._tell(self._events.put_nowait, event)

    def _wait(self) -> None:
        status = self._process.wait()
        _kill_left(self._process)  # processes that it started would hold the output open
        self._reader.join(_LAST_WORDS_SECONDS)
        self._tell(self._end, status)

    def _end(self, status: int) -> None:
        if self._kill_later:
            self._kill_later.cancel()
        self._close_input()
        self._ended.set_result(status)
        self._events.put_nowait(None)

    def _tell(self, function: Callable[[Any], None], value: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended, so nobody listens any more
            self._loop.call_soon_threadsafe(function, value)


def _event(line: bytes) -> Event | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None


if sys.platform == "win32":

    def _popen(command: Sequence[str], log: IO[bytes], behind: bool) -> subprocess.Popen[bytes]:
        priority = subprocess.BELOW_NORMAL_PRIORITY_CLASS if behind else 0
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            creationflags=subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP | priority,
        )

    def _kill(process: subprocess.Popen[bytes]) -> None:
        process.kill()

    def _kill_left(process: subprocess.Popen[bytes]) -> None:
        """Does nothing: on Windows there is no group of processes to kill."""

else:

    def _popen(command: Sequence[str], log: IO[bytes], behind: bool) -> subprocess.Popen[bytes]:
        # A session of its own, so that Ctrl-C in the terminal reaches only the server, which asks its children to stop.
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            umask=_PRIVATE,
        )
        with contextlib.suppress(OSError):
            Path(f"/proc/{process.pid}/oom_score_adj").write_text(MEMORY_SCORE)
        if behind:
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
        return process

    def _kill(process: subprocess.Popen[bytes]) -> None:
        """Kills the process and everything that it started."""
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)

    def _kill_left(process: subprocess.Popen[bytes]) -> None:
        _kill(process)
