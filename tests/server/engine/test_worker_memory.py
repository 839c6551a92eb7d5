"""One memory for many: who starts when, and whose rows wait."""

from __future__ import annotations

import asyncio

import pytest

from server.engine import outbox
from server.engine.backend import Backend
from server.engine.plan import DoesNotFit
from server.engine.scheduler import MOST_OVERTAKING
from server.engine.worker import Worker
from tests.server.engine.requests import MEMORY, entered, noting, request, result, run, until
from tests.server.engine.stand_in import Gate, StandIn, held, picture


def test_a_request_that_is_cancelled_between_its_pieces_gives_back_its_memory_at_once(worker: Worker) -> None:
    async def scenario() -> None:
        gate, network = Gate(), StandIn(3, least=MEMORY, most=MEMORY)
        network.before = held(gate, at=1)
        leaving = asyncio.create_task(result(request(worker, network)))
        await entered(gate)
        waiting = asyncio.create_task(result(request(worker, StandIn(least=MEMORY, most=MEMORY), client="b")))
        await asyncio.sleep(0.02)
        assert not waiting.done()
        leaving.cancel()
        await waiting
        assert network.closed == 1

    run(scenario)


def test_a_request_whose_rows_nobody_reads_is_parked_until_somebody_does(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    piece = picture(2, 4).tensor.nbytes
    monkeypatch.setattr(outbox, "MOST_UNREAD_BYTES", 2 * piece)

    async def scenario() -> None:
        order: list[str] = []
        async with request(worker, StandIn(6, noting(order, "unread")), picture(12, 4)) as unread:
            await until(lambda: unread.rows.is_full)
            await result(request(worker, StandIn(1, noting(order, "other"))))
            await asyncio.sleep(0.02)
            assert order == ["unread", "unread", "other"]
            taken = 0
            while not unread.rows.is_at_end:
                taken += await unread.rows.take(10) is not None
        assert (taken, order.count("unread"), unread.rows.peak_bytes) == (6, 6, 2 * piece)

    run(scenario)


def test_requests_run_beside_each_other_only_within_the_memory(worker: Worker) -> None:
    async def scenario() -> None:
        gate, order = Gate(), list[str]()
        large = StandIn(3, noting(order, "large", gate), least=70, most=70)
        first = asyncio.create_task(result(request(worker, large)))
        await entered(gate)
        second = asyncio.create_task(
            result(request(worker, StandIn(1, noting(order, "second"), least=70, most=70), client="b"))
        )
        await asyncio.sleep(0)
        small = asyncio.create_task(
            result(request(worker, StandIn(1, noting(order, "small"), least=30, most=30), picture(2, 4), client="c"))
        )
        await asyncio.sleep(0)
        gate.opened.set()
        await asyncio.gather(first, second, small)
        assert order == ["large", "small", "large", "large", "second"]

    run(scenario)


def test_one_request_leaves_a_quarter_of_the_memory_unless_it_needs_it(worker: Worker) -> None:
    async def scenario() -> None:
        modest, greedy = StandIn(least=10, most=1000), StandIn(least=90, most=1000)
        await result(request(worker, modest))
        await result(request(worker, greedy))
        assert [plan.memory_bytes for plan in modest.plans + greedy.plans] == [72, 90]  # of 16 steps of 6

    run(scenario)


def test_rows_that_nobody_has_read_count_until_somebody_does(device: Backend) -> None:
    source = picture(4, 4)
    size = source.tensor.nbytes
    worker = Worker(device, memory=size)

    async def scenario() -> None:
        async with request(worker, StandIn(), source) as unread:
            await until(lambda: unread.rows.is_closed)
            waiting = asyncio.create_task(result(request(worker, StandIn(least=size, most=size))))
            await asyncio.sleep(0.02)
            assert not waiting.done()
            assert await unread.rows.take(1) is not None
            await waiting

    run(scenario)
    worker.close()


def test_a_request_that_fits_no_memory_is_told_so(worker: Worker) -> None:
    async def scenario() -> None:
        with pytest.raises(DoesNotFit) as caught:
            await result(request(worker, StandIn(least=MEMORY + 1)))
        assert caught.value.memory_bytes == MEMORY + 1
        await result(request(worker, StandIn()))

    run(scenario)


def test_who_waits_for_memory_is_overtaken_a_few_times_only(worker: Worker) -> None:
    async def scenario() -> None:
        gate, order = Gate(), list[str]()
        holder = StandIn(200, noting(order, "holder", gate), least=50, most=50)
        first = asyncio.create_task(result(request(worker, holder, picture(200, 4), client="holder")))
        await entered(gate)
        large = StandIn(1, noting(order, "large"), least=MEMORY, most=MEMORY)
        waiting = asyncio.create_task(result(request(worker, large, client="large")))
        await asyncio.sleep(0)
        smalls = [
            asyncio.create_task(
                result(request(worker, StandIn(1, noting(order, "small"), least=10, most=10), client=f"{number}"))
            )
            for number in range(3 * MOST_OVERTAKING)
        ]
        await asyncio.sleep(0)
        gate.opened.set()
        await asyncio.gather(first, waiting, *smalls)
        assert order[: order.index("large")].count("small") == MOST_OVERTAKING

    run(scenario)
