"""What trials of networks showed, remembered by content: what was tried once is not tried again."""

from __future__ import annotations

import contextlib
import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from pleinair.common.caches import cache_folder
from pleinair.common.files import write_whole

# How many are kept, each a file of some hundred bytes; and how many more may be there until the oldest go.
_MOST = 2000
_SLACK = 200

_LONGEST = 2000

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Verdict:
    """The ``least`` size from which on a network computes every multiple, or the ``problem``: a sentence that is true
    of the network wherever it is tried."""

    least: int = 0
    problem: str = ""


def verdicts_folder() -> Path | None:
    """Where a user's verdicts are kept; None without a home folder."""
    try:
        return cache_folder() / "verdicts"
    except OSError:
        return None


class Verdicts:
    """Those in ``folder``, one file for each, whose name is its key; None remembers nothing. What cannot be read or
    written is forgotten. For any thread or process."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def find(self, key: str) -> Verdict | None:
        """The verdict that was kept under ``key``, a file's name; None where there is none."""
        if self._folder is None:
            return None
        try:
            with self._path(key).open("rb") as file:
                found = json.loads(file.read(_LONGEST * 6))
            least, problem = found["least"], found["problem"]
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None
        if type(least) is not int or type(problem) is not str or (least < 1) != bool(problem):
            return None
        return Verdict(least, problem)

    def keep(self, key: str, verdict: Verdict) -> None:
        """Keeps the verdict, if that can be done."""
        if self._folder is None or len(verdict.problem) > _LONGEST:
            return
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(self._path(key), json.dumps(asdict(verdict)).encode())
        except OSError as error:
            _log.debug("What a trial showed cannot be remembered: %s", error)

    def forget_oldest(self) -> None:
        """Removes those that were kept first, where there are too many."""
        with contextlib.suppress(OSError):
            kept = list(self._folder.iterdir()) if self._folder is not None else []
            if len(kept) > _MOST + _SLACK:
                for path in sorted(kept, key=lambda one: one.stat().st_mtime)[: len(kept) - _MOST]:
                    path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{key}.json"
