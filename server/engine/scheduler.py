"""Whose turn it is: shares a device fairly between clients, and lets what is small go before what is large.

Every entry needs turns of the device, and each turn is one piece of its work. The client that had the least of the
device is next, and among those within SLACK_SECONDS of it the one with the least to do. A worked example, with one
client that has had the device alone for a minute:

>>> from types import SimpleNamespace
>>> def entry(client: str, pixels_left: float, arrived: float) -> SimpleNamespace:
...     return SimpleNamespace(client=client, pixels_left=pixels_left, arrived=arrived, overtaken=0, least_memory=0,
...                            is_started=True, is_preview=False)
>>> scheduler, mural = Scheduler(), entry("anna", 64e6, arrived=0)
>>> scheduler.add(mural, now=0)
>>> scheduler.count(mural, seconds=60, now=60)

Another client comes with a small picture. It starts level with the most-served one, at 60 seconds, so both are equal,
and the one with less to do is next:

>>> sketch = entry("bert", 1e6, arrived=60)
>>> scheduler.add(sketch, now=60)
>>> [one.client for one in scheduler.in_order(now=60)]
['bert', 'anna']

It stays next while the two claims are within SLACK_SECONDS. A client's claim is the seconds that it has had less those
for which it has waited: after six turns of two seconds bert's is 60 + 12 and anna's 60 - 12, so the mural goes on, and
from then on both share the device:

>>> turns = []
>>> for now in range(60, 82, 2):
...     one = scheduler.in_order(now)[0]
...     scheduler.count(one, seconds=2, now=now + 2)
...     turns.append(one.client)
>>> turns
['bert', 'bert', 'bert', 'bert', 'bert', 'bert', 'anna', 'bert', 'bert', 'bert', 'anna']
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

# Clients that had the device for nearly the same time are equal, and of equals the one with the least to do is first:
# so what is done in half of this time is held up by one piece of others at most.
SLACK_SECONDS = 20.0

# How many that came later may start before a request has its turn, or its memory; then it goes first.
MOST_OVERTAKING = 8


class Entry(Protocol):
    """What the order of turns depends on. ``overtaken`` counts those that came later and started since its last turn;
    ``least_memory`` is not 0 once there was too little for it."""

    overtaken: int

    @property
    def client(self) -> str: ...

    @property
    def arrived(self) -> float: ...

    @property
    def pixels_left(self) -> float: ...

    @property
    def least_memory(self) -> int: ...

    @property
    def is_started(self) -> bool: ...

    @property
    def is_preview(self) -> bool: ...


AnEntry = TypeVar("AnEntry", bound=Entry)


@dataclass
class _Client(Generic[AnEntry]):
    served: float  # seconds of the device
    waiting_since: float
    entries: list[AnEntry] = field(default_factory=list)  # in order of arrival

    def claim(self, now: float) -> float:
        """Seconds that it has had, less those for which it has waited: the smallest is next."""
        return self.served - (now - self.waiting_since)

    def in_order(self) -> list[AnEntry]:
        """Those overtaken too often first, then those with the least to do; of equals, the first that came."""
        return sorted(self.entries, key=lambda one: (one.overtaken < MOST_OVERTAKING, one.pixels_left))


class Scheduler(Generic[AnEntry]):
    """All entries that want the device, those that wait for their first turn and those that have started.

    The next turn is that of the client that had the device for the least time, less the time for which it has waited,
    so that nobody waits for ever. A new client starts level with the most-served one. Times are in seconds, on a clock
    of the caller's.
    """

    def __init__(self) -> None:
        self._clients: dict[str, _Client[AnEntry]] = {}  # that have entries
        self._most_served = 0.0

    def __bool__(self) -> bool:
        return bool(self._clients)

    @property
    def started(self) -> list[AnEntry]:
        return [entry for client in self._clients.values() for entry in client.entries if entry.is_started]

    def in_order(self, now: float) -> list[AnEntry]:
        """All entries, the next one first; the others are for when it cannot have its turn."""
        return [entry for entries in self._by_client(now) for entry in entries]

    def add(self, entry: AnEntry, now: float) -> None:
        """The entry wants turns from now on."""
        if entry.client not in self._clients:
            self._clients[entry.client] = _Client(self._most_served, now)
        self._clients[entry.client].entries.append(entry)

    def discard(self, entry: AnEntry) -> None:
        """The entry wants no more turns. Does nothing when it is not there."""
        client = self._clients.get(entry.client)
        if client is None or entry not in client.entries:
            return
        client.entries.remove(entry)
        if not client.entries:
            del self._clients[entry.client]

    def count(self, entry: AnEntry, seconds: float, now: float) -> None:
        """The entry had the device for this time."""
        entry.overtaken = 0
        client = self._clients.get(entry.client)
        if client is not None:
            client.served += seconds
            client.waiting_since = now
            self._most_served = max(self._most_served, client.served)

    def waiting(self, now: float) -> Iterator[AnEntry]:
        """Entries that have not started, in the order in which they will if all take the same time."""
        clients = deque(map(deque, self._by_client(now)))
        while clients:
            entries = clients.popleft()
            entry = entries.popleft()
            if not entry.is_started:
                yield entry
            if entries:
                clients.append(entries)

    def positions(self, now: float) -> Iterator[tuple[AnEntry, int]]:
        """Each entry that waits, and how many have started or will start before it; previews are not counted."""
        position = sum(not entry.is_preview for entry in self.started)
        for entry in self.waiting(now):
            yield entry, position
            position += not entry.is_preview

    def count_overtaking(self, started: AnEntry) -> None:
        """``started`` has its first turn: all that came before it were overtaken."""
        for client in self._clients.values():
            for entry in client.entries:
                entry.overtaken += entry.arrived < started.arrived

    def first_owed(self, now: float) -> AnEntry | None:
        """The first entry that waits for memory and was overtaken too often; nobody may start before it."""
        waiting = (entry for entry in self.waiting(now) if entry.least_memory)
        return next((entry for entry in waiting if entry.overtaken >= MOST_OVERTAKING), None)

    def _by_client(self, now: float) -> list[list[AnEntry]]:
        clients = [(client.claim(now), client.in_order()) for client in self._clients.values()]
        equal = min((claim for claim, _ in clients), default=0.0) + SLACK_SECONDS
        clients.sort(key=lambda one: (one[0] > equal, one[1][0].pixels_left if one[0] <= equal else 0.0, one[0]))
        return [entries for _, entries in clients]
