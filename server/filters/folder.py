"""Keeps the filters that are served up to date with their folder."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator

from server.filters.catalogue import Catalogue, FilterChange, changes
from server.filters.filter_file import Filter
from server.filters.scanner import FolderScanner

_log = logging.getLogger(__name__)


class FilterFolder:
    """Holds the current catalogue of a folder, for one event loop. Raises StartProblem when it cannot be read."""

    def __init__(self, scanner: FolderScanner) -> None:
        self._scanner = scanner
        self._changed = asyncio.Event()
        self.catalogue = scanner.load()

    def find(self, identifier: str) -> Filter:
        """Returns the filter. Raises a Refusal that names the filters that exist."""
        return self.catalogue.find(identifier)

    async def watch(self, *, poll_seconds: float) -> None:
        """Follows the folder until the task is cancelled; reads it in a thread and logs what changes."""
        while True:
            await asyncio.sleep(poll_seconds)
            try:
                catalogue = await asyncio.to_thread(self._scanner.scan)
            except Exception:
                _log.exception("The filters folder cannot be read; the filters stay as they are.")
            else:
                self._publish(catalogue)

    async def follow(self) -> AsyncGenerator[Catalogue, None]:
        """Yields the catalogue now and after each change. A slow reader misses states in between, but never the last
        one."""
        while True:
            changed = self._changed
            yield self.catalogue
            await changed.wait()

    def _publish(self, catalogue: Catalogue) -> None:
        for change in changes(self.catalogue, catalogue):
            if isinstance(change, FilterChange):
                _log.info("Filter %s was %s.", change.filter.identifier, change.kind.value)
            elif change.reason:
                _log.warning("%s is not served: %s", change.file_name, change.reason)
        if catalogue != self.catalogue:
            self.catalogue = catalogue
            self._changed.set()
            self._changed = asyncio.Event()
