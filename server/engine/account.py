"""The one account of a device's memory: what is held for pictures on their way counts beside what is computed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

# Of all memory, what pictures that wait, arrive or leave may hold together, so that there is always room to compute one
# of them; and what one of them may hold while nothing else is held.
_SHARE_OF_ALL = 0.25
_SHARE_OF_A_LARGE_ONE = 0.75

# What is small waits for nothing large: of all memory, how much that is, and what all small ones may hold together.
_SMALL = 1 / 64
_SHARE_OF_SMALL_ONES = 1 / 16

# Of the first and the last, what one client may hold, so that there is always room for others: it may send as slowly as
# it likes.
_SHARE_OF_ONE = 0.75


class NeverFree(Exception):
    """More is asked for than will ever be free; ``memory_bytes`` of all memory would be enough."""

    def __init__(self, memory_bytes: int) -> None:
        super().__init__(f"{memory_bytes} bytes of memory are needed.")
        self.memory_bytes = memory_bytes


@dataclass(frozen=True, eq=False)
class Held:
    """``bytes`` that are held for ``client``."""

    client: str
    bytes: int


NOTHING = Held("", 0)


class MemoryAccount:
    """Of ``total`` bytes, of which ``computing`` says how many computations take, for one event loop. What is not free
    is waited for, and who holds least is next."""

    def __init__(self, total: int, computing: Callable[[], int] = lambda: 0) -> None:
        self.total = total
        self._computing = computing
        self._held: list[Held] = []
        self._waiting: list[tuple[Held, asyncio.Future[None]]] = []

    @property
    def held(self) -> int:
        """The bytes that are held now."""
        return sum(one.bytes for one in self._held)

    @asynccontextmanager
    async def hold(self, count: int, client: str) -> AsyncIterator[Held]:
        """Holds ``count`` bytes during the block, once they are free. Raises NeverFree."""
        if count > self.total * _SHARE_OF_A_LARGE_ONE:
            raise NeverFree(int(count / _SHARE_OF_A_LARGE_ONE) + 1)
        wanted = Held(client, count)
        try:
            await self._wait_for(wanted)
            yield wanted
        finally:
            if wanted in self._held:
                self._held.remove(wanted)
            self.serve()

    async def _wait_for(self, wanted: Held) -> None:
        place = wanted, asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            self.serve()
            await place[1]
        finally:
            if place in self._waiting:
                self._waiting.remove(place)

    def serve(self) -> None:
        """Gives those that wait what is free: small ones at once, of the others until the next of them must wait on. To
        be called when computations take less."""
        if not self._waiting:
            return
        holds = Counter[str]()
        for one in self._held:
            holds[one.client] += one.bytes
        others_may = True
        for wanted, granted in sorted(self._waiting, key=lambda place: holds[place[0].client]):
            if not (self._is_small(wanted) or others_may):
                continue
            if granted.done() or self._has_enough(wanted, holds[wanted.client]):
                continue
            if self._is_free(wanted):
                self._held.append(wanted)
                holds[wanted.client] += wanted.bytes
                granted.set_result(None)
            elif not self._is_small(wanted) and self._has_room_beside_computing(wanted):
                others_may = False

    def _has_enough(self, wanted: Held, own: int) -> bool:
        """Whether its client holds so much already that the rest is for others."""
        if self._is_small(wanted) and self._has_room_among_small_ones(wanted):
            return False
        most = self.total * _SHARE_OF_ALL * _SHARE_OF_ONE
        return bool(wanted.client) and own > 0 and own + wanted.bytes > most

    def _is_free(self, wanted: Held) -> bool:
        small = sum(one.bytes for one in self._held if self._is_small(one))
        if self._is_small(wanted):
            if self._has_room_among_small_ones(wanted):
                return True
        elif self.held == small and self._has_room_beside_computing(wanted):
            return True
        return self.held + wanted.bytes <= self.total * _SHARE_OF_ALL

    def _has_room_among_small_ones(self, wanted: Held) -> bool:
        small = [one for one in (*self._held, wanted) if self._is_small(one)]
        own = sum(one.bytes for one in small if one.client == wanted.client)
        room = self.total * _SHARE_OF_SMALL_ONES
        is_too_much = wanted.client and own > room * _SHARE_OF_ONE
        return not is_too_much and sum(one.bytes for one in small) <= room

    def _has_room_beside_computing(self, wanted: Held) -> bool:
        """Whether only what others hold is in its way; a long computation shall not keep others waiting behind it."""
        is_large = wanted.bytes > self.total * _SHARE_OF_ALL
        return not is_large or wanted.bytes <= self.total * (1 - _SHARE_OF_SMALL_ONES) - self._computing()

    def _is_small(self, held: Held) -> bool:
        return held.bytes <= self.total * _SMALL
