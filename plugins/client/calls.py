"""Calls to one server, over connections that are opened as they are needed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import TracebackType
from typing import Callable, TypeVar

from . import errors, messages, rpc
from .cancel import Cancel
from .codec import Message
from .connection import Connection
from .endpoint import Endpoint
from .waiting import Patience

CHUNK_BYTES = 1 << 20  # of data in one message
MOST_PAGES = 500  # of a list; more than any server of ours has

Answer = TypeVar("Answer", bound=Message)
Page = TypeVar("Page", messages.ListFiltersResponse, messages.ListTrainingsResponse)
Own = TypeVar("Own", bound="Calls")


class Calls:
    """Makes calls to one server, from one thread at a time. Connects on the first call, and again after the connection
    was lost between calls. Every call raises ClientError when it fails."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._connections: list[Connection] = []  # several, where calls run during a watch

    def __enter__(self: Own) -> Own:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    def unary(
        self,
        path: str,
        request: Message,
        answer: type[Answer],
        *,
        timeout: float,
        cancel: Cancel | None = None,
        repeatable: bool = True,
    ) -> Answer:
        """Sends one message and returns the one message that answers it, within ``timeout`` seconds."""
        patience = self.patience(timeout, cancel)
        silence = max(timeout, rpc.SILENCE_SECONDS)
        answers = list(
            self.call(path, lambda: iter([request]), answer, patience, silence=silence, repeatable=repeatable)
        )
        if len(answers) != 1:
            raise errors.not_ours(self.endpoint.address)
        return answers[0]

    def call(
        self,
        path: str,
        requests: Callable[[], Iterator[Message]],
        answer: type[Answer],
        patience: Patience,
        *,
        silence: float | None,
        repeatable: bool = True,
    ) -> Iterator[Answer]:
        """Yields the answers as they come. A call on an old connection that ends without an answer is tried once more
        on a fresh connection; a call that is not ``repeatable`` always uses a fresh one."""
        connection = self._idle() if repeatable else None
        if connection is not None:
            answered = False
            call = rpc.call(connection, self.endpoint, path, requests(), answer, patience, silence=silence)
            try:
                with contextlib.closing(call):  # type: ignore[type-var]
                    for message in call:
                        answered = True
                        yield message
                return
            except errors.ConnectionLost:
                if answered:
                    raise
        connection = Connection(self.endpoint, patience)
        self._connections.append(connection)
        yield from rpc.call(connection, self.endpoint, path, requests(), answer, patience, silence=silence)

    def pages(self, ask: Callable[[str], Page]) -> Iterator[Page]:
        """Yields a list's pages; ``ask`` gets each by its token. Raises ClientError when they do not end."""
        token, asked = "", set[str]()
        while token not in asked and len(asked) < MOST_PAGES:
            asked.add(token)
            page = ask(token)
            yield page
            token = page.next_page_token
            if not token:
                return
        raise errors.not_ours(self.endpoint.address)

    def patience(self, timeout: float | None, cancel: Cancel | None) -> Patience:
        return Patience(self.endpoint.address, timeout=timeout, cancel=cancel)

    def _idle(self) -> Connection | None:
        """Returns a connection that can take a call, or None; closes those that no longer can."""
        for connection in list(self._connections):
            if connection.usable:
                return connection
            if not connection.busy:
                connection.close()
                self._connections.remove(connection)
        return None
