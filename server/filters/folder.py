"""Keeps the filters that are served up to date with their folder."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator

from server.filters.catalogue import Catalogue, FilterChange, changes
from server.filters.filter_file import Filter
from server.filters.scanner import FolderScanner
from server.filters.trial_process import TrialProcesses

# How long files are waited for in each scan.
_SCAN_SECONDS = 0.5

_log = logging.getLogger(__name__)


class FilterFolder:
    """Holds the current catalogue of a folder, for one event loop. ``trials`` are the scanner's. Files are waited for
    at most ``seconds`` at first. Raises StartProblem when the folder cannot be read."""

    def __init__(
        self, scanner: FolderScanner, trials: TrialProcesses | None = None, seconds: float | None = None
    ) -> None:
        self._scanner = scanner
        self._trials = trials
        self._changed = asyncio.Event()
        self._is_away = False
        try:
            self.catalogue = scanner.load(seconds)
            if trials is not None:
                trials.rest(0)
        except BaseException:  # a signal, too
            self.close()
            raise

    @property
    def trying(self) -> list[str]:
        """The names of the files that are being tried."""
        return self._scanner.trying

    def close(self) -> None:
        """Ends what is being tried."""
        self._scanner.close()
        if self._trials is not None:
            self._trials.close()

    def find(self, identifier: str) -> Filter:
        """Returns the filter. Raises a Refusal that names the filters that exist."""
        return self.catalogue.find(identifier)

    async def watch(self, *, poll_seconds: float) -> None:
        """Follows the folder until the task is cancelled; reads it in a thread and logs what changes."""
        while True:
            await asyncio.sleep(poll_seconds)
            try:
                catalogue = await asyncio.to_thread(self._scanner.scan, _SCAN_SECONDS)
            except OSError as error:
                self._tell(error)
            except Exception:  # or the folder would be followed no more
                _log.exception("The filters folder could not be looked through; the filters stay as they are.")
            else:
                self._tell(None)
                self._publish(catalogue)
                if self._trials is not None:
                    await asyncio.to_thread(self._trials.rest)

    async def follow(self) -> AsyncGenerator[Catalogue, None]:
        """Yields the catalogue now and after each change. A slow reader misses states in between, but never the last
        one."""
        while True:
            changed = self._changed
            yield self.catalogue
            await changed.wait()

    def _tell(self, error: OSError | None) -> None:
        """Once when the folder goes, and once when it is back."""
        if error is not None and not self._is_away:
            _log.error("The filters folder cannot be read (%s); the filters stay as they are.", error.strerror)
        elif error is None and self._is_away:
            _log.info("The filters folder can be read again.")
        self._is_away = error is not None

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
