"""Sessions on a stand-in for an editor's interface thread."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from plugins.client.messages import Channels, SampleType
from plugins.core.session import Session
from plugins.core.settings import Settings
from plugins.core.translation_jobs import TranslationJob, TranslationRequest
from tests import factories

SECONDS = 30.0


class Interface:
    """What an editor's event loop does: runs what other threads posted."""

    def __init__(self) -> None:
        self._posted: queue.Queue[Callable[[], None]] = queue.Queue()
        self.post = self._posted.put

    def next(self) -> Callable[[], None]:
        """What was posted first, not yet run."""
        return self._posted.get(timeout=SECONDS)

    def until(self, condition: Callable[[], Any]) -> Any:
        """Runs what is posted until the condition holds; gives its value."""
        end = time.monotonic() + SECONDS
        while not (value := condition()):
            self._posted.get(timeout=max(end - time.monotonic(), 0.001))()
        return value


@contextmanager
def session_with(address: str, **settings: Any) -> Iterator[tuple[Session, Interface]]:
    interface = Interface()
    session = Session(Settings(address=address, **settings), interface.post)
    try:
        yield session, interface
    finally:
        session.close()


def request(filter_id: str = "inverting", side: int = 2) -> TranslationRequest:
    return TranslationRequest(filter_id, side, side, Channels.RGBA, SampleType.UINT8, b"\x01\x02\x03\xff" * side * side)


def submit(session: Session, wanted: TranslationRequest, **options: Any) -> TranslationJob:
    return session.submit(wanted, done=lambda job: None, **options)


def put_filters(folder: Path) -> Path:
    """One that changes nothing, one that inverts and one that takes minutes; gives the folder."""
    for maker in (factories.identity, factories.inverting, factories.slow):
        factories.put(folder, maker())
    return folder
