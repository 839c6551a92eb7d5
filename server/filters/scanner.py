"""Checks the filters folder from time to time, and reads the files that are new or have changed."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from server.engine.backend import Backend
from server.errors import FilterProblem, StartProblem
from server.filters.catalogue import Catalogue
from server.filters.examination import Examined, examine
from server.filters.external_data import data_path
from server.filters.filter_file import Filter, load_filter
from server.filters.verdicts import Verdicts

_NO_VERDICTS = Verdicts(None)

# Each takes the memory of one network and of a small picture in it.
_MOST_AT_ONCE = 8

_log = logging.getLogger(__name__)

# Size and time of change of a file, of its sidecar and of its other weights, by which versions are told apart.
_Stamp = tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True)
class _Entry:
    """The outcome of reading a file: a filter or a problem, or both when a replacement is bad and the previous version
    is still served."""

    stamp: _Stamp
    filter: Filter | None
    problem: str | None


class FolderScanner:
    """Reads the ``*.onnx`` files directly in a folder, except hidden ones, or one such file, and examines them side by
    side; ``verdicts`` know those that were examined before. For one thread at a time."""

    def __init__(self, path: Path, backend: Backend, verdicts: Verdicts = _NO_VERDICTS) -> None:
        self._path = path
        self._backend = backend
        self._verdicts = verdicts
        self._entries: dict[Path, _Entry] = {}
        self._seen: dict[Path, _Stamp] = {}

    def load(self) -> Catalogue:
        """Reads all files at once. Raises StartProblem when the folder cannot be read."""
        try:
            self._seen = self._stamps()
        except OSError as error:
            raise StartProblem(
                f"The filters folder {self._path} cannot be read ({error.strerror}); create it, or name another with"
                " --filters."
            ) from error
        self._read(self._seen)
        return self._catalogue()

    def scan(self) -> Catalogue:
        """Reads each new version of a file once two scans in a row have seen it, so that no half-copied file is tried.
        Raises OSError when the folder cannot be read."""
        stamps = self._stamps()
        settled = [file for file, stamp in stamps.items() if self._seen.get(file) == stamp]
        self._entries = {file: entry for file, entry in self._entries.items() if file in stamps}
        self._seen = stamps
        self._read(file for file in settled if not self._is_read(file))
        return self._catalogue()

    def _stamps(self) -> dict[Path, _Stamp]:
        stamps = {file: tuple(map(_stamp, _belonging(file))) for file in sorted(self._files())}
        return {file: stamp for file, stamp in stamps.items() if stamp[0] is not None}

    def _files(self) -> list[Path]:
        if self._path.is_file():
            return [self._path]
        return [file for file in self._path.iterdir() if file.suffix == ".onnx" and not file.name.startswith(".")]

    def _is_read(self, file: Path) -> bool:
        return file in self._entries and self._entries[file].stamp == self._seen[file]

    def _read(self, files: Iterable[Path]) -> None:
        for file, examined in self._examined(list(files)):
            before = self._entries.get(file)
            try:
                found, problem = self._outcome(file, examined)
            except FileNotFoundError:
                continue  # it has gone again, which the next scan will see
            if problem and before and before.filter:
                found, problem = before.filter, f"{problem.rstrip('.')}; the previous version is still served."
            self._entries[file] = _Entry(self._seen[file], found, problem)

    def _examined(self, files: list[Path]) -> Iterator[tuple[Path, Future[Examined]]]:
        if not files:
            return
        with ThreadPoolExecutor(min(os.cpu_count() or 1, _MOST_AT_ONCE), thread_name_prefix="trial") as pool:
            yield from [(file, pool.submit(examine, file, self._backend, self._verdicts)) for file in files]
        self._verdicts.forget_oldest()

    def _outcome(self, file: Path, examined: Future[Examined]) -> tuple[Filter | None, str | None]:
        """Returns the file's filter, or the problem with it. Raises FileNotFoundError."""
        try:
            return load_filter(file, examined.result(), self._backend), None
        except FilterProblem as error:
            return None, error.sentence
        except FileNotFoundError:
            raise
        except OSError as error:
            return None, f"It cannot be read ({error.strerror}); check what it is and its permissions."
        except Exception:
            _log.exception("%s cannot be read.", file)
            return None, "It cannot be read for a reason that was not foreseen; export it again, and report it."

    def _catalogue(self) -> Catalogue:
        filters: dict[str, Filter] = {}
        owners: dict[str, str] = {}
        rejected: dict[str, str] = {}
        for file, entry in sorted(self._entries.items()):
            problem = entry.problem
            if entry.filter:
                identifier = entry.filter.identifier
                owner = owners.setdefault(identifier, file.name)
                if owner == file.name:
                    filters[identifier] = entry.filter
                else:
                    problem = f"Its identifier '{identifier}' is already used by {owner}; export it with another."
            if problem:
                rejected[file.name] = problem
        return Catalogue(dict(sorted(filters.items())), rejected)


def _belonging(file: Path) -> tuple[Path, ...]:
    """The file and those beside it that say how to feed it and hold its weights."""
    return file, file.with_suffix(".toml"), data_path(file)


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
