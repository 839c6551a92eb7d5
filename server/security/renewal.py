"""Reads the files that protect a server anew when they change."""

from __future__ import annotations

import logging
from pathlib import Path

from server.config import ServerConfig
from server.errors import StartProblem
from server.security.protection import Protection, protecting_files, read_protection

_log = logging.getLogger(__name__)

# Of each file what changes when it is written or replaced; None where there is none.
_Stamps = tuple[tuple[int, int, int] | None, ...]


class Renewal:
    """Looks at the files that the options name; each look is short and may be in any thread, one at a time."""

    def __init__(self, config: ServerConfig) -> None:
        self._config = config
        self._files = protecting_files(config)
        self._done = self._seen = self._stamps()

    def look(self) -> Protection | None:
        """Returns what the files say if that is new. They must have been left alone since the look before, so a pair
        half of which is there is waited for. What cannot be used changes nothing, and is logged once."""
        stamps = self._stamps()
        is_settled, self._seen = stamps == self._seen, stamps
        if stamps == self._done or not is_settled:
            return None
        try:
            protection = read_protection(self._config)
        except StartProblem as problem:
            self._done = stamps
            _log.warning("%s Until then the server goes on with what it had.", problem)
            return None
        if self._stamps() != stamps:  # written while they were read
            return None
        self._done = stamps
        return protection

    def _stamps(self) -> _Stamps:
        return tuple(map(_stamp, self._files))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
