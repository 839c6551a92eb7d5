"""Tries filter files in processes of their own, within limits: whatever is in a file, the server goes on."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from server.engine.provider import Provider
from server.errors import FilterProblem, PassingProblem
from server.filters.limits import FilterLimits
from server.filters.verdicts import Verdict

# When memory runs out, Linux ends what is being tried and not the server.
_MEMORY_SCORE = "800"

# Loading the libraries takes a second, and files often come in groups.
_IDLE_SECONDS = 20.0

_log = logging.getLogger(__name__)


class TrialProcesses:
    """Trials on ``provider``'s library, as Trials has them; one process for each thread that asks at a time, which
    tries one file after the other. They end when this process does."""

    def __init__(self, provider: Provider, limits: FilterLimits) -> None:
        self._provider = provider
        self._limits = limits
        self._lock = threading.Lock()
        self._idle: list[_Process] = []
        self._all: set[_Process] = set()
        self._closed = False

    def verdict(self, path: Path, key: str) -> Verdict:
        """See Trials. Raises FilterProblem for a file that took more than the limits, too."""
        process = self._take()
        try:
            answer = process.ask({"path": str(path), "key": key}, self._limits.seconds)
        except _Ended as ended:
            self._discard(process)
            if process.has_answered and ended.seconds is None and not self._closed:
                return self.verdict(path, key)  # it may have ended before it was asked
            raise self._as_problem(ended) from ended
        self._give_back(process)
        return self._as_verdict(answer)

    def rest(self, seconds: float = _IDLE_SECONDS) -> None:
        """Ends the processes that have tried nothing for so long."""
        begin = time.monotonic() - seconds
        with self._lock:
            ending = [process for process in self._idle if process.idle_since <= begin]
            self._idle = [process for process in self._idle if process.idle_since > begin]
        for process in ending:
            self._discard(process)

    def close(self) -> None:
        """Ends all, whatever they try: who waits for one of them is told so. From any thread."""
        with self._lock:
            self._closed = True
            running = list(self._all)
        for process in running:
            process.kill()
        self.rest(0)

    def _take(self) -> _Process:
        with self._lock:
            if self._closed:
                raise PassingProblem("The server is shutting down.")
            if self._idle:
                return self._idle.pop()
            process = _Process(self._provider, self._limits)
            self._all.add(process)
            return process

    def _give_back(self, process: _Process) -> None:
        with self._lock:
            if not self._closed:
                process.has_answered, process.idle_since = True, time.monotonic()
                self._idle.append(process)
                return
        self._discard(process)

    def _discard(self, process: _Process) -> None:
        process.close()
        with self._lock:
            self._all.discard(process)

    def _as_problem(self, ended: _Ended) -> FilterProblem:
        if self._closed:
            return PassingProblem("The server is shutting down.")
        if ended.seconds is not None:
            return PassingProblem(
                f"It was not loaded and tried on small pictures within {ended.seconds:g} s; export a smaller network,"
                " or start the server with a larger --filter-seconds."
            )
        _log.warning("What tried a filter ended (%s).", ended.status)
        return PassingProblem(
            f"It ended the process in which it was tried ({ended.status}), perhaps for want of memory; export it again,"
            " or a smaller network."
        )

    def _as_verdict(self, answer: dict[str, Any]) -> Verdict:
        match answer:
            case {"least": int(least), "verdict": str(problem)}:
                return Verdict(least, problem)
            case {"problem": str(sentence)}:
                raise FilterProblem(sentence)
            case {"passing": str(sentence)}:
                raise PassingProblem(sentence)
            case {"errno": int(number), "strerror": str(words)}:
                raise OSError(number or errno.EIO, words)
        raise PassingProblem(
            f"It takes more than {self._limits.memory >> 20} MiB to load and to compute a small picture; export a"
            " smaller network, or start the server with a larger --filter-memory."
        )


class _Ended(Exception):
    """A process that is no more: it did not answer within ``seconds``, or ended by itself, as ``status`` says."""

    def __init__(self, seconds: float | None, status: str) -> None:
        super().__init__(status)
        self.seconds = seconds
        self.status = status


class _Process:
    """One process that tries files, for one thread at a time."""

    def __init__(self, provider: Provider, limits: FilterLimits) -> None:
        self.has_answered = False
        self.idle_since = 0.0
        on = provider.for_trials
        given = (on.module, on, limits.seconds, limits.memory, limits.file_bytes)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "server.filters.trying", *map(str, given)],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(str(Path(path).absolute()) for path in sys.path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a file's names could forge lines of the log
            text=True,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C is the server's
        )
        with contextlib.suppress(OSError):
            Path(f"/proc/{self._process.pid}/oom_score_adj").write_text(_MEMORY_SCORE)

    def ask(self, request: dict[str, str], seconds: float) -> dict[str, Any]:
        """The answer. Raises _Ended."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        is_late = threading.Event()

        def end() -> None:
            is_late.set()
            self.kill()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            stdin.write(json.dumps(request) + "\n")
            stdin.flush()
            answer = json.loads(stdout.readline())
        except (OSError, ValueError) as error:
            raise _Ended(seconds if is_late.is_set() else None, self._status()) from error
        finally:
            timer.cancel()
        return dict(answer)

    def kill(self) -> None:
        """Ends it at once. From any thread."""
        with contextlib.suppress(OSError):
            self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Ends it and what leads to it. Only for the thread whose it is."""
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):
                pipe.close()

    def _status(self) -> str:
        self.kill()
        status = self._process.returncode
        if status < 0:
            with contextlib.suppress(ValueError):
                return signal.Signals(-status).name
        return f"status {status}"
