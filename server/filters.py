"""The filters folder: the files that are served and those that cannot be, followed as they change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from server.engine.device import Device
from server.errors import Reason, Refusal
from server.filter_file import BadFilter, LoadedFilter, load_filter

POLL_SECONDS = 1.0

Signature = tuple[tuple[int, int] | None, ...]  # (size, modification time) of the model and of its sidecar


@dataclass(frozen=True)
class Snapshot:
    """The folder at one moment: filters by identifier, and by file name why the others are not served."""

    filters: Mapping[str, LoadedFilter] = field(default_factory=dict)
    rejected: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Entry:
    """What became of one file. A file that changed for the worse keeps its filter and gets a problem."""

    signature: Signature
    loaded: LoadedFilter | None
    problem: str | None


class FolderScanner:
    """Looks at the folder, again and again, and loads what is new. Not thread-safe: one caller at a time."""

    def __init__(self, folder: Path, device: Device) -> None:
        self._folder = folder
        self._device = device
        self._entries: dict[Path, _Entry] = {}
        self._unsettled: dict[Path, Signature] = {}

    def scan(self, *, at_once: bool = False) -> Snapshot:
        """A new or changed file is loaded when two scans saw it alike, since it may be half copied; or ``at_once``."""
        signatures = {path: _signature(path) for path in self._files()}
        for gone in self._entries.keys() - signatures.keys():
            del self._entries[gone]
        seen, self._unsettled = self._unsettled, {}
        for path, signature in signatures.items():
            entry = self._entries.get(path)
            if entry and entry.signature == signature:
                continue
            if at_once or seen.get(path) == signature:
                self._entries[path] = self._load(path, signature, entry)
            else:
                self._unsettled[path] = signature
        return self._snapshot()

    def _files(self) -> list[Path]:
        try:
            return sorted(path for path in self._folder.glob("*.onnx") if not path.name.startswith("."))
        except OSError:
            return []

    def _load(self, path: Path, signature: Signature, before: _Entry | None) -> _Entry:
        try:
            return _Entry(signature, load_filter(path, self._device), None)
        except BadFilter as error:
            if before and before.loaded:
                return _Entry(signature, before.loaded, f"{error} The filter before it goes on serving.")
            return _Entry(signature, None, str(error))

    def _snapshot(self) -> Snapshot:
        filters: dict[str, LoadedFilter] = {}
        rejected: dict[str, str] = {}
        for path, entry in sorted(self._entries.items()):
            if entry.problem:
                rejected[path.name] = entry.problem
            if entry.loaded is None:
                continue
            identifier = entry.loaded.info.id
            if identifier in filters:
                rejected[path.name] = (
                    f"Its identifier {identifier!r} is that of {filters[identifier].file_name} already; "
                    "export it with another --identifier."
                )
            else:
                filters[identifier] = entry.loaded
        return Snapshot(dict(sorted(filters.items())), rejected)


class FilterFolder:
    """The folder's present state, for one event loop: look filters up, follow changes."""

    def __init__(self, scanner: FolderScanner) -> None:
        self._scanner = scanner
        self._changed = asyncio.Condition()
        self._closed = False
        self.snapshot = scanner.scan(at_once=True)

    def get(self, identifier: str) -> LoadedFilter:
        """Raises Refusal FILTER_NOT_FOUND, which names the filters that exist."""
        try:
            return self.snapshot.filters[identifier]
        except KeyError:
            names = ", ".join(self.snapshot.filters) or "none yet"
            sentence = f"There is no filter {identifier[:80]!r}; the filters are: {names}."
            raise Refusal(Reason.FILTER_NOT_FOUND, sentence, field="filter_id") from None

    async def follow(self) -> None:
        """Looks at the folder every second, until cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            snapshot = await asyncio.to_thread(self._scanner.scan)
            if snapshot != self.snapshot:
                async with self._changed:
                    self.snapshot = snapshot
                    self._changed.notify_all()

    async def snapshots(self) -> AsyncGenerator[Snapshot]:
        """The present state, then each new one, until ``close``. A slow reader misses states, never the last."""
        while not self._closed:
            current = self.snapshot
            yield current
            async with self._changed:
                while self.snapshot is current and not self._closed:
                    await self._changed.wait()

    async def close(self) -> None:
        """Ends every ``snapshots``."""
        async with self._changed:
            self._closed = True
            self._changed.notify_all()


def _signature(path: Path) -> Signature:
    return tuple(_stat(file) for file in (path, path.with_suffix(".toml")))


def _stat(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
