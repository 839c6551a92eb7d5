"""The order of turns: client after client, and the requests of one client in order of arrival."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from server.engine.ticket import Ticket


class Turns:
    """All requests that want the device, those that wait for their first turn and those that have started."""

    def __init__(self) -> None:
        self._clients: dict[str, deque[Ticket]] = {}  # the next first, of clients and of each client's requests

    def __bool__(self) -> bool:
        return bool(self._clients)

    def __iter__(self) -> Iterator[Ticket]:
        """The next first, as long as each can have its turn."""
        return (ticket for requests in self._clients.values() for ticket in requests)

    @property
    def started(self) -> list[Ticket]:
        return [ticket for ticket in self if ticket.is_started]

    def add(self, ticket: Ticket) -> None:
        self._clients.setdefault(ticket.client, deque()).append(ticket)

    def discard(self, ticket: Ticket) -> None:
        """Does nothing when it is not there."""
        requests = self._clients.get(ticket.client)
        if requests is not None and ticket in requests:
            requests.remove(ticket)
            if not requests:
                del self._clients[ticket.client]

    def move_back(self, ticket: Ticket) -> None:
        """It had its turn: its client comes after the others, and it after its client's other requests."""
        requests = self._clients.pop(ticket.client, None)
        if requests is None:
            return
        self._clients[ticket.client] = requests
        if ticket in requests:
            requests.remove(ticket)
            requests.append(ticket)

    def waiting(self) -> Iterator[Ticket]:
        """Those that have not started, in the order in which they will."""
        clients = deque(deque(requests) for requests in self._clients.values())
        while clients:
            requests = clients.popleft()
            ticket = requests.popleft()
            if not ticket.is_started:
                yield ticket
            if requests:
                clients.append(requests)

    def tell_positions(self) -> None:
        """Each that waits is told how many have started or will start before it. Previews are parts of others."""
        position = sum(not ticket.is_preview for ticket in self.started)
        for ticket in self.waiting():
            ticket.move_to(position)
            position += not ticket.is_preview

    def count_overtaking(self) -> None:
        """One has started that did not have to wait for memory as others do."""
        for ticket in self.waiting():
            if ticket.least_memory:
                ticket.overtaken += 1

    def first_overtaken(self, times: int) -> Ticket | None:
        """The first that waits for memory and was overtaken so many times, or more."""
        return next((ticket for ticket in self.waiting() if ticket.overtaken >= times), None)
