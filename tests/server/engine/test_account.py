"""Who holds how much of the memory, and who waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from server.engine.account import MemoryAccount, NeverFree

TOTAL = 1024


class Holder:
    """Holds memory until it is told to let go."""

    def __init__(self, account: MemoryAccount, count: int, client: str) -> None:
        self.has_it = asyncio.Event()
        self._let_go = asyncio.Event()
        self.task = asyncio.create_task(self._run(account, count, client))

    async def _run(self, account: MemoryAccount, count: int, client: str) -> None:
        async with account.hold(count, client):
            self.has_it.set()
            await self._let_go.wait()

    async def end(self) -> None:
        self._let_go.set()
        await self.task
        await asyncio.sleep(0)


def running(test: Callable[[MemoryAccount], Awaitable[None]]) -> Callable[[], None]:
    def run() -> None:
        async def with_account() -> None:
            await test(MemoryAccount(TOTAL))

        asyncio.run(with_account())

    return run


async def started(account: MemoryAccount, *wanted: tuple[int, str]) -> list[Holder]:
    holders = [Holder(account, count, client) for count, client in wanted]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return holders


async def ended(holders: list[Holder]) -> None:
    for holder in holders:
        await holder.end()


@running
async def test_together_they_hold_a_quarter(account: MemoryAccount) -> None:
    """The others wait until there is room."""
    holders = await started(account, (120, "a"), (120, "b"), (120, "c"))
    assert [holder.has_it.is_set() for holder in holders] == [True, True, False]
    assert account.held == 240
    await holders[0].end()
    assert holders[2].has_it.is_set()
    await ended(holders)
    assert account.held == 0


@running
async def test_one_alone_may_hold_three_quarters(account: MemoryAccount) -> None:
    holders = await started(account, (700, "a"), (100, "b"))
    assert [holder.has_it.is_set() for holder in holders] == [True, False]
    await ended(holders)


@running
async def test_what_will_never_be_free_is_refused_with_what_would_do(account: MemoryAccount) -> None:
    with pytest.raises(NeverFree) as caught:
        async with account.hold(800, "a"):
            pass
    async with MemoryAccount(caught.value.memory_bytes).hold(800, "a") as held:
        assert held.bytes == 800


@running
async def test_small_ones_wait_for_nothing_large(account: MemoryAccount) -> None:
    holders = await started(account, (700, "a"), (700, "b"), (16, "c"))
    assert [holder.has_it.is_set() for holder in holders] == [True, False, True]
    await ended(holders)


@running
async def test_who_holds_least_is_next(account: MemoryAccount) -> None:
    holders = await started(account, (90, "a"), (90, "a"), (90, "a"), (90, "b"))
    assert [holder.has_it.is_set() for holder in holders] == [True, True, False, False]
    await holders[0].end()
    assert [holder.has_it.is_set() for holder in holders] == [True, True, False, True]
    await ended(holders)


@running
async def test_one_leaves_room_for_others_before_they_come(account: MemoryAccount) -> None:
    holders = await started(account, *[(40, "a")] * 8)
    assert sum(holder.has_it.is_set() for holder in holders) == 4
    (other,) = await started(account, (60, "b"))
    assert other.has_it.is_set()
    await ended([*holders, other])


@running
async def test_one_that_holds_a_large_one_leaves_room_for_small_ones_of_others(account: MemoryAccount) -> None:
    holders = await started(account, (700, "a"), *[(16, "a")] * 8)
    assert sum(holder.has_it.is_set() for holder in holders) == 4
    (other,) = await started(account, (16, "b"))
    assert other.has_it.is_set()
    await ended([*holders, other])


@running
async def test_a_small_one_does_not_wait_for_its_own_clients_large_one(account: MemoryAccount) -> None:
    holders = await started(account, (700, "a"), (300, "b"), (16, "a"))
    assert [holder.has_it.is_set() for holder in holders] == [True, False, True]
    await ended(holders)


@running
async def test_while_others_wait_one_holds_three_quarters_of_that(account: MemoryAccount) -> None:
    holders = await started(account, (250, "b"), (150, "a"), (50, "a"), (100, "b"))
    await holders[0].end()
    assert [holder.has_it.is_set() for holder in holders] == [True, True, False, True]
    await ended(holders)


@running
async def test_who_is_cancelled_while_waiting_holds_nothing(account: MemoryAccount) -> None:
    holders = await started(account, (256, "a"), (256, "b"))
    holders[1].task.cancel()
    await asyncio.gather(holders[1].task, return_exceptions=True)
    await holders[0].end()
    assert account.held == 0
    (last,) = await started(account, (256, "c"))
    assert last.has_it.is_set()
    await last.end()


def test_a_large_one_waits_until_what_is_computed_leaves_room_and_nobody_behind_it() -> None:
    async def scenario() -> None:
        computing = [500]
        account = MemoryAccount(TOTAL, lambda: computing[0])
        holders = await started(account, (700, "a"), (200, "b"), (16, "c"))
        assert [holder.has_it.is_set() for holder in holders] == [False, True, True]
        computing[0] = 0
        await holders[1].end()
        assert holders[0].has_it.is_set()
        await ended(holders)

    asyncio.run(scenario())
