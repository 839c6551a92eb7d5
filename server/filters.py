"""The filters folder: its files are the filters, and it is followed while the server runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from server.catalogue import Catalogue, FilterChange, changes
from server.engine.device import Device
from server.errors import FilterProblem, StartProblem
from server.filter_file import Filter, read_filter

# Size and time of a file and of its sidecar: what tells one version from another.
_Stamp = tuple[tuple[int, int] | None, ...]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Entry:
    """What came of a file; both when a replacement is bad and the version before it goes on serving."""

    stamp: _Stamp
    filter: Filter | None
    problem: str | None


class FilterFolder:
    """The ``*.onnx`` files directly in a folder, without hidden ones, or one such file.

    Belongs to one event loop once it is watched."""

    def __init__(self, path: Path, device: Device) -> None:
        self._path = path
        self._place = path.parent if path.is_file() else path
        self._device = device
        self._entries: dict[str, _Entry] = {}
        self._seen: dict[str, _Stamp] = {}
        self._changed = asyncio.Event()
        self.catalogue = Catalogue()

    def find(self, identifier: str) -> Filter:
        """Raises Refusal, which names the filters that exist."""
        return self.catalogue.find(identifier)

    def load(self) -> None:
        """Reads all files at once. Raises StartProblem when there is no such folder."""
        try:
            self._seen = self._stamps()
        except OSError as error:
            raise StartProblem(
                f"The filters folder {self._path} cannot be read ({error.strerror}); make it, or name another with"
                " --filters."
            ) from error
        self._read(list(self._seen))
        self.catalogue = self._as_catalogue()

    async def watch(self, *, poll_seconds: float) -> None:
        """Follows the folder until it is cancelled; loads in a thread, and logs what changes."""
        while True:
            await asyncio.sleep(poll_seconds)
            try:
                catalogue = await asyncio.to_thread(self._poll)
            except Exception:
                _log.exception("The filters folder %s cannot be read; the filters stay as they are.", self._path)
            else:
                self._publish(catalogue)

    async def follow(self) -> AsyncIterator[Catalogue]:
        """The catalogue now, and whenever it has changed; who is slow misses states in between, never the last."""
        while True:
            changed = self._changed
            yield self.catalogue
            await changed.wait()

    def _publish(self, catalogue: Catalogue) -> None:
        differences = list(changes(self.catalogue, catalogue))
        for change in differences:
            if isinstance(change, FilterChange):
                _log.info("Filter %s %s.", change.filter.identifier, change.kind.value)
            else:
                _log.warning("%s is not served: %s", change.file_name, change.reason)
        if catalogue != self.catalogue:
            self.catalogue = catalogue
            self._changed.set()
            self._changed = asyncio.Event()

    def _poll(self) -> Catalogue:
        """Files are read when two polls in a row saw the same new version, so that no half-copied one is tried."""
        stamps = self._stamps()
        changed = [name for name, stamp in stamps.items() if not self._is_read(name, stamp)]
        settled = [name for name in changed if stamps[name] == self._seen.get(name)]
        self._entries = {name: entry for name, entry in self._entries.items() if name in stamps}
        self._seen = stamps
        self._read(settled)
        return self._as_catalogue()

    def _is_read(self, name: str, stamp: _Stamp) -> bool:
        return name in self._entries and self._entries[name].stamp == stamp

    def _stamps(self) -> dict[str, _Stamp]:
        stamps = {file.name: (_stamp(file), _stamp(file.with_suffix(".toml"))) for file in sorted(self._files())}
        return {name: stamp for name, stamp in stamps.items() if stamp[0] is not None}

    def _files(self) -> list[Path]:
        if self._path.is_file():
            return [self._path]
        return [file for file in self._path.iterdir() if file.suffix == ".onnx" and not file.name.startswith(".")]

    def _read(self, names: list[str]) -> None:
        for name in names:
            before = self._entries.get(name)
            serving = before.filter if before else None
            try:
                self._entries[name] = _Entry(self._seen[name], read_filter(self._place / name, self._device), None)
            except FilterProblem as problem:
                self._entries[name] = _Entry(self._seen[name], serving, problem.sentence)
            except FileNotFoundError:
                continue  # gone again; the next poll sees that
            except OSError as error:
                sentence = f"It cannot be read ({error.strerror}); check its permissions."
                self._entries[name] = _Entry(self._seen[name], serving, sentence)

    def _as_catalogue(self) -> Catalogue:
        filters: dict[str, Filter] = {}
        owners: dict[str, str] = {}
        rejected: dict[str, str] = {}
        for name, entry in sorted(self._entries.items()):
            if entry.problem:
                rejected[name] = entry.problem
            if entry.filter:
                identifier = entry.filter.identifier
                owner = owners.setdefault(identifier, name)
                if owner == name:
                    filters[identifier] = entry.filter
                else:
                    rejected.setdefault(
                        name, f"Its identifier '{identifier}' is that of {owner} already; export it with another."
                    )
        return Catalogue(dict(sorted(filters.items())), rejected)


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
