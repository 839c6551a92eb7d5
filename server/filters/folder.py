"""The filters that are served now, following the folder."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator

from server.filters.catalogue import Catalogue, FilterChange, changes
from server.filters.filter_file import Filter
from server.filters.scanner import FolderScanner

_log = logging.getLogger(__name__)


class FilterFolder:
    """Belongs to one event loop. Loads the folder's filters; raises StartProblem when there is no such folder."""

    def __init__(self, scanner: FolderScanner) -> None:
        self._scanner = scanner
        self._changed = asyncio.Event()
        self.catalogue = scanner.load()

    def find(self, identifier: str) -> Filter:
        """Raises Refusal, which names the filters that exist."""
        return self.catalogue.find(identifier)

    async def watch(self, *, poll_seconds: float) -> None:
        """Follows the folder until it is cancelled; reads in a thread, and logs what changes."""
        while True:
            await asyncio.sleep(poll_seconds)
            try:
                catalogue = await asyncio.to_thread(self._scanner.scan)
            except Exception:
                _log.exception("The filters folder cannot be read; the filters stay as they are.")
            else:
                self._publish(catalogue)

    async def follow(self) -> AsyncGenerator[Catalogue, None]:
        """The catalogue now, and whenever it has changed; who is slow misses states in between, never the last."""
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
