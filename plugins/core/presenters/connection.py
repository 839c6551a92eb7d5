"""The state of the connection, and what to do when the server does not answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..session import Session
from ..settings import Settings
from ..texts import _

# Returns why nothing can be seen although the server answers (a sentence and a remedy), or None.
FindProblem = Callable[[], "tuple[str, str] | None"]


@dataclass(frozen=True)
class ShownConnection:
    """The connection as windows show it. ``kind`` is as in Connection; ``remedy`` may be empty."""

    kind: str
    sentence: str
    remedy: str

    @property
    def line(self) -> str:
        """Sentence and remedy in one line."""
        return f"{self.sentence} {self.remedy}".strip()

    @property
    def needs_help(self) -> bool:
        """Whether the buttons that may help are offered."""
        return self.kind == "failed"


class ConnectionPresenter:
    """What windows show of the connection, or of ``problem`` in its place as long as that returns one."""

    def __init__(self, session: Session, problem: FindProblem = lambda: None) -> None:
        self._session = session
        self._problem = problem

    @property
    def shown(self) -> ShownConnection:
        problem = self._problem()
        if problem is not None:
            return ShownConnection("failed", *problem)
        connection = self._session.connection
        return ShownConnection(connection.kind, connection.sentence or _("Not connected"), connection.remedy)

    def try_again(self) -> None:
        self._session.reconnect()

    def heed(self, settings: Settings, *, started_server: bool = False) -> None:
        """Uses settings that a window may have changed, and reconnects when it may have started a server."""
        self._session.use(settings)
        if started_server:
            self._session.reconnect()
