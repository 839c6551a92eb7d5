"""python -m server.filters.trying: the process in which filter files are tried. It reads requests, one JSON object a
line, and answers each with one; it ends when nobody is left to ask."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from server.engine.backend import Backend, Settings
from server.engine.provider import Provider
from server.errors import FilterProblem, LackOfMemory, PassingProblem
from server.filters.examination import TrialsHere
from server.filters.limits import FilterLimits

Answer = dict[str, Any]


def main(module: str, provider: str, seconds: str, memory: str, file_bytes: str) -> None:
    """Tries files on the library that ``module`` opens for ``provider``, within ``memory`` bytes, none larger than
    ``file_bytes``. Who asks ends this process after ``seconds``; if nobody does, the system will."""
    answers = _own_output()
    requests = _requests()
    limits = FilterLimits(float(seconds), int(memory), int(file_bytes))
    _limit_memory(limits.memory)
    # By its module, which may be named in the asking process alone.
    backend: Backend = import_module(module).open_backend(Provider(provider), Settings(threads=1))
    while True:
        asked = requests.get()
        _limit_time(limits.seconds)
        answers.write(json.dumps(_answer(Path(asked["path"]), asked["key"], backend, limits)) + "\n")
        answers.flush()


def _answer(path: Path, key: str, backend: Backend, limits: FilterLimits) -> Answer:
    try:
        verdict = TrialsHere(backend, limits).verdict(path, key)
    except (LackOfMemory, MemoryError):
        return {"memory": True}
    except PassingProblem as problem:
        return {"passing": problem.sentence}
    except FilterProblem as problem:
        return {"problem": problem.sentence}
    except OSError as error:
        return {"errno": error.errno or 0, "strerror": error.strerror or ""}
    return {"least": verdict.least, "verdict": verdict.problem}


def _own_output() -> IO[str]:
    """Where the answers go; what libraries print does not get in between."""
    ours = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return ours


def _requests() -> queue.Queue[Answer]:
    """Read in a thread of its own, which ends this process with its parent, whatever is being tried."""
    found: queue.Queue[Answer] = queue.Queue()

    def read() -> None:
        with contextlib.suppress(Exception):
            for line in sys.stdin:
                found.put(json.loads(line))
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    return found


if sys.platform == "win32":

    def _limit_memory(memory: int) -> None:
        """Does nothing: Windows limits jobs, not processes."""

    def _limit_time(seconds: float) -> None:
        """Does nothing, for the same reason."""

else:

    def _limit_memory(memory: int) -> None:
        import resource

        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def _limit_time(seconds: float) -> None:
        """Of the processor, from now on: a library may keep Python's lock, so that no thread notices who is gone."""
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        most = int(used.ru_utime + used.ru_stime + 2 * seconds) + 10
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))


if __name__ == "__main__":
    main(*sys.argv[1:])
