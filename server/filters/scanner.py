"""Checks the filters folder from time to time, and reads the files that are new or have changed."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from server.engine.backend import Backend
from server.errors import FilterProblem, StartProblem
from server.filters.catalogue import Catalogue
from server.filters.examination import Trials, examine
from server.filters.filter_file import Filter, load_filter
from server.filters.limits import USUAL_LIMITS, FilterLimits
from server.filters.places import belonging, check_place, shown_name
from server.filters.verdicts import Verdicts
from server.logs.escaping import printable

_NO_VERDICTS = Verdicts(None)

_LONGEST_PROBLEM = 1000  # characters

# Each takes the memory of one network and of a small picture in it.
_MOST_AT_ONCE = 8

_log = logging.getLogger(__name__)

# Size and time of change of a file, of its sidecar and of its other weights, by which versions are told apart.
_Stamp = tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True)
class _Reading:
    """A version of a file, and what will come of it: a filter or a problem."""

    stamp: _Stamp
    outcome: Future[tuple[Filter | None, str | None]]


@dataclass(frozen=True)
class _Entry:
    """The outcome of reading a file: a filter or a problem, or both when a replacement is bad and the previous version
    is still served."""

    stamp: _Stamp
    filter: Filter | None
    problem: str | None


class FolderScanner:
    """Reads the ``*.onnx`` files directly in a folder, except hidden ones, or one such file. They are examined side by
    side by ``trials`` (in this process where there are none), and nobody waits for one of them; ``verdicts`` know those
    that were examined before. For one thread at a time, but ``close``."""

    def __init__(
        self,
        path: Path,
        backend: Backend,
        verdicts: Verdicts = _NO_VERDICTS,
        trials: Trials | None = None,
        limits: FilterLimits = USUAL_LIMITS,
    ) -> None:
        self._path = path
        self._backend = backend
        self._verdicts = verdicts
        self._trials = trials
        self._limits = limits
        self._entries: dict[Path, _Entry] = {}
        self._seen: dict[Path, _Stamp] = {}
        self._trying: dict[Path, _Reading] = {}
        self._owners: dict[str, Path] = {}  # of identifiers that were served last
        self._pool = ThreadPoolExecutor(min(os.cpu_count() or 1, _MOST_AT_ONCE), thread_name_prefix="trial")
        self._loading = Lock()

    def load(self, seconds: float | None = None) -> Catalogue:
        """Reads all files at once, and waits for them no longer than this. Raises StartProblem when the folder cannot
        be read."""
        try:
            self._seen = self._stamps()
        except OSError as error:
            raise StartProblem(
                f"The filters folder {self._path} cannot be read ({error.strerror}); create it, or name another with"
                " --filters."
            ) from error
        return self._read(self._seen, seconds)

    def scan(self, seconds: float | None = None) -> Catalogue:
        """Reads each new version of a file once two scans in a row have seen it, so that no half-copied file is tried.
        What takes longer than this is in a later catalogue. Raises OSError when the folder cannot be read."""
        stamps = self._stamps()
        settled = [file for file, stamp in stamps.items() if self._seen.get(file) == stamp]
        self._entries = {file: entry for file, entry in self._entries.items() if file in stamps}
        self._seen = stamps
        return self._read([file for file in settled if not self._is_read(file)], seconds)

    @property
    def trying(self) -> list[str]:
        """The names of the files that are being read and tried."""
        return [shown_name(file) for file in self._trying]

    def close(self) -> None:
        """Reads no more. From any thread."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _stamps(self) -> dict[Path, _Stamp]:
        stamps = {file: tuple(map(_stamp, belonging(file))) for file in sorted(self._files())}
        return {file: stamp for file, stamp in stamps.items() if stamp[0] is not None}

    def _files(self) -> list[Path]:
        if self._path.is_file():
            return [self._path]
        return [file for file in self._path.iterdir() if file.suffix == ".onnx" and not file.name.startswith(".")]

    def _is_read(self, file: Path) -> bool:
        return file in self._entries and self._entries[file].stamp == self._seen[file]

    def _read(self, files: Iterable[Path], seconds: float | None) -> Catalogue:
        for file in files:
            if file not in self._trying:
                self._trying[file] = _Reading(self._seen[file], self._pool.submit(self._outcome, file))
        done, _ = wait([reading.outcome for reading in self._trying.values()], seconds)
        for file, reading in list(self._trying.items()):
            if reading.outcome in done:
                del self._trying[file]
                self._take(file, reading)
        if done:
            self._verdicts.forget_oldest()
        return self._catalogue()

    def _take(self, file: Path, reading: _Reading) -> None:
        """What came of a file, unless it is another by now."""
        if self._seen.get(file) != reading.stamp or reading.outcome.cancelled():
            return
        before = self._entries.get(file)
        try:
            found, problem = reading.outcome.result()
        except FileNotFoundError:
            return  # it has gone again, which the next scan will see
        if problem and before and before.filter:
            found, problem = before.filter, f"{problem.rstrip('.')}; the previous version is still served."
        self._entries[file] = _Entry(reading.stamp, found, problem)

    def _outcome(self, file: Path) -> tuple[Filter | None, str | None]:
        """Returns the file's filter, or the problem with it. Raises FileNotFoundError."""
        try:
            if file != self._path:
                check_place(file, self._path)
            examined = examine(file, self._backend, self._verdicts, self._trials, self._limits)
            with self._loading:
                return load_filter(file, examined, self._backend), None
        except FilterProblem as error:
            return None, printable(error.sentence[:_LONGEST_PROBLEM])
        except FileNotFoundError:
            raise
        except OSError as error:
            return None, f"It cannot be read ({error.strerror}); check what it is and its permissions."
        except Exception:
            _log.exception("%s cannot be read.", file)
            return None, "It cannot be read for a reason that was not foreseen; export it again, and report it."

    def _catalogue(self) -> Catalogue:
        filters: dict[str, Filter] = {}
        rejected: dict[str, str] = {}
        offered = {file: entry.filter.identifier for file, entry in sorted(self._entries.items()) if entry.filter}
        # Who serves an identifier keeps it: a new file takes none over.
        owners = {name: file for name, file in self._owners.items() if offered.get(file) == name}
        for file, name in offered.items():
            owners.setdefault(name, file)
        for file, entry in sorted(self._entries.items()):
            problem = entry.problem
            if entry.filter and owners[entry.filter.identifier] == file:
                filters[entry.filter.identifier] = entry.filter
            elif entry.filter:
                name = entry.filter.identifier
                problem = (
                    f"Its identifier '{name}' is already used by {shown_name(owners[name])}; export it with another."
                )
            if problem:
                rejected[shown_name(file)] = problem
        self._owners = owners
        return Catalogue(dict(sorted(filters.items())), dict(sorted(rejected.items())))


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
