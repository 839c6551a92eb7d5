"""Whose turn it is."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from server.engine.entry import Ticket

# Clients who had the device for nearly the same time are equal, and of equals the one with the least to do is first: so
# what is done in half of this time is held up by one piece of others at most.
SLACK_SECONDS = 20.0

# So many who came later may start before a request has its turn, or its memory; then it goes first.
MOST_OVERTAKING = 8


@dataclass
class _Client:
    served: float  # seconds of the device
    waiting_since: float
    tickets: list[Ticket] = field(default_factory=list)  # in order of arrival

    def claim(self, now: float) -> float:
        """The less, the more it is its turn."""
        return self.served - (now - self.waiting_since)

    def in_order(self) -> list[Ticket]:
        """What was overtaken too often first, then what has the least to do; of several, the first that came."""
        return sorted(self.tickets, key=lambda one: (one.overtaken < MOST_OVERTAKING, one.pixels_left))


class Turns:
    """All requests that want the device, those that wait for their first turn and those that have started.

    The next turn is the client's who had the device for the least time, less the time for which it has waited, so that
    nobody waits for ever. Who comes new is taken to have had it for as long as the others. Times are in seconds, on a
    clock of the caller's.
    """

    def __init__(self) -> None:
        self._clients: dict[str, _Client] = {}  # that have requests
        self._most_served = 0.0

    def __bool__(self) -> bool:
        return bool(self._clients)

    @property
    def started(self) -> list[Ticket]:
        return [ticket for client in self._clients.values() for ticket in client.tickets if ticket.is_started]

    def in_order(self, now: float) -> list[Ticket]:
        """The next first; the others in case that it cannot have its turn."""
        return [ticket for tickets in self._by_client(now) for ticket in tickets]

    def add(self, ticket: Ticket, now: float) -> None:
        if ticket.client not in self._clients:
            self._clients[ticket.client] = _Client(self._most_served, now)
        self._clients[ticket.client].tickets.append(ticket)

    def discard(self, ticket: Ticket) -> None:
        """Does nothing when it is not there."""
        client = self._clients.get(ticket.client)
        if client is None or ticket not in client.tickets:
            return
        client.tickets.remove(ticket)
        if not client.tickets:
            del self._clients[ticket.client]

    def count(self, ticket: Ticket, seconds: float, now: float) -> None:
        """The ticket had the device for so long."""
        ticket.overtaken = 0
        client = self._clients.get(ticket.client)
        if client is not None:
            client.served += seconds
            client.waiting_since = now
            self._most_served = max(self._most_served, client.served)

    def waiting(self, now: float) -> Iterator[Ticket]:
        """Those that have not started, in the order in which they will if all take the same time."""
        clients = deque(map(deque, self._by_client(now)))
        while clients:
            tickets = clients.popleft()
            ticket = tickets.popleft()
            if not ticket.is_started:
                yield ticket
            if tickets:
                clients.append(tickets)

    def tell_positions(self, now: float) -> None:
        """Each that waits is told how many have started or will start before it. Previews are parts of others."""
        position = sum(not ticket.is_preview for ticket in self.started)
        for ticket in self.waiting(now):
            ticket.move_to(position)
            position += not ticket.is_preview

    def count_overtaking(self, started: Ticket) -> None:
        for client in self._clients.values():
            for ticket in client.tickets:
                ticket.overtaken += ticket.arrived < started.arrived

    def _by_client(self, now: float) -> list[list[Ticket]]:
        clients = [(client.claim(now), client.in_order()) for client in self._clients.values()]
        equal = min((claim for claim, _ in clients), default=0.0) + SLACK_SECONDS
        clients.sort(key=lambda one: (one[0] > equal, one[1][0].pixels_left if one[0] <= equal else 0.0, one[0]))
        return [tickets for _, tickets in clients]

    def first_owed(self, now: float) -> Ticket | None:
        """The first that waits for memory and was overtaken too often."""
        waiting = (ticket for ticket in self.waiting(now) if ticket.least_memory)
        return next((ticket for ticket in waiting if ticket.overtaken >= MOST_OVERTAKING), None)
