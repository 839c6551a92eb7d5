"""One device for many: turns, places, memory, cancellation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from server.engine import ticket as tickets
from server.engine.canvas import TensorSource, TooLarge
from server.engine.device import Device
from server.engine.pace import Pace
from server.engine.pixels import Tensor
from server.engine.ticket import Ticket
from server.engine.turns import MOST_OVERTAKING
from server.engine.worker import Worker
from tests.server.engine.stand_in import Gate, StandIn, held, picture

MEMORY = 100


@pytest.fixture
def worker(device: Device) -> Iterator[Worker]:
    worker = Worker(device, memory=MEMORY)
    yield worker
    worker.close()


def ticket(
    worker: Worker, canvas: StandIn, source: TensorSource | None = None, client: str = "a", is_preview: bool = False
) -> Ticket:
    return worker.request(
        client,
        canvas,  # type: ignore[arg-type]
        source or picture(),
        lambda top, rows: rows,
        Pace(),
        is_preview=is_preview,
    )


async def result(one: Ticket, positions: list[int] | None = None) -> Tensor:
    """All rows of a request, from its place in the queue on."""
    rows = []
    async with one:
        async for position in one.positions():
            if positions is not None:
                positions.append(position)
        while not one.rows.is_at_end:
            part = await one.rows.take(10)
            if part is not None:
                rows.append(part)
        one.raise_error()
    return np.concatenate(rows, axis=2)


def run(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            await scenario()

    asyncio.run(bounded())


async def entered(gate: Gate) -> None:
    assert await asyncio.to_thread(gate.entered.wait, 10)


async def until(condition: Callable[[], bool]) -> None:
    """Polls: what is waited for is a state that has no event of its own."""
    while not condition():
        await asyncio.sleep(0.002)


def noting(order: list[str], name: str, gate: Gate | None = None) -> Callable[[int, Any], None]:
    """Notes each piece, and holds the first at the gate, if there is one."""

    def before(number: int, options: Any) -> None:
        if gate is not None and number == 0:
            gate.hold(options)
        order.append(name)

    return before


def test_rows_come_out_as_the_canvas_gives_them(worker: Worker) -> None:
    async def scenario() -> None:
        source = TensorSource(np.random.default_rng(0).random((1, 3, 9, 4), np.float32))
        np.testing.assert_array_equal(await result(ticket(worker, StandIn(pieces=3), source)), -source.tensor)

    run(scenario)


@pytest.mark.parametrize("client", ["a", "b"])
def test_a_small_request_of_many_pieces_is_held_up_by_one_piece_of_a_large_one(worker: Worker, client: str) -> None:
    async def scenario() -> None:
        order, gate = list[str](), Gate()
        large = StandIn(6, noting(order, "large", gate))
        first = asyncio.create_task(result(ticket(worker, large, picture(60, 4), client="a")))
        await entered(gate)
        small = ticket(worker, StandIn(5, noting(order, "small")), picture(5, 4), client=client)
        second = asyncio.create_task(result(small))
        await asyncio.sleep(0)
        gate.opened.set()
        await asyncio.gather(first, second)
        assert order == ["large", *["small"] * 5, *["large"] * 5]

    run(scenario)


def test_equal_requests_of_one_client_end_one_after_the_other(worker: Worker) -> None:
    async def scenario() -> None:
        order, gate = list[str](), Gate()
        first = asyncio.create_task(result(ticket(worker, StandIn(3, noting(order, "first", gate)))))
        await entered(gate)
        second = asyncio.create_task(result(ticket(worker, StandIn(3, noting(order, "second")))))
        await asyncio.sleep(0)
        gate.opened.set()
        await asyncio.gather(first, second)
        assert order == ["first"] * 3 + ["second"] * 3

    run(scenario)


def test_many_requests_of_one_client_do_not_hold_up_another(worker: Worker) -> None:
    async def scenario() -> None:
        order, gate = list[str](), Gate()
        first = asyncio.create_task(result(ticket(worker, StandIn(1, noting(order, "a", gate)))))
        await entered(gate)
        many = [asyncio.create_task(result(ticket(worker, StandIn(1, noting(order, "a"))))) for _ in range(5)]
        await asyncio.sleep(0)
        other = asyncio.create_task(result(ticket(worker, StandIn(1, noting(order, "b")), client="b")))
        await asyncio.sleep(0)
        gate.opened.set()
        await asyncio.gather(first, *many, other)
        assert order == ["a", "b", "a", "a", "a", "a", "a"]

    run(scenario)


def test_a_waiting_request_is_told_how_many_are_before_it(worker: Worker) -> None:
    async def scenario() -> None:
        gates = [Gate(), Gate()]
        first = asyncio.create_task(result(ticket(worker, StandIn(1, held(gates[0])))))
        await entered(gates[0])
        second = asyncio.create_task(result(ticket(worker, StandIn(1, held(gates[1])))))
        await asyncio.sleep(0)
        positions: list[int] = []
        third = asyncio.create_task(result(ticket(worker, StandIn()), positions))
        await until(lambda: positions == [2])
        gates[0].opened.set()
        await until(lambda: positions == [2, 1])
        gates[1].opened.set()
        await asyncio.gather(first, second, third)
        assert positions == [2, 1]

    run(scenario)


def test_a_preview_is_no_request_of_its_own_in_the_queue(worker: Worker) -> None:
    async def scenario() -> None:
        gate, positions = Gate(), list[int]()
        first = asyncio.create_task(result(ticket(worker, StandIn(1, held(gate)))))
        await entered(gate)
        async with ticket(worker, StandIn(), is_preview=True), ticket(worker, StandIn()):
            last = asyncio.create_task(result(ticket(worker, StandIn()), positions))
            await until(lambda: positions == [2])
        gate.opened.set()
        await asyncio.gather(first, last)

    run(scenario)


def test_a_place_that_is_left_lets_the_next_move_up(worker: Worker) -> None:
    async def scenario() -> None:
        gate, positions = Gate(), list[int]()
        first = asyncio.create_task(result(ticket(worker, StandIn(1, held(gate)))))
        await entered(gate)
        async with ticket(worker, StandIn()):
            third = asyncio.create_task(result(ticket(worker, StandIn()), positions))
            await until(lambda: positions == [2])
        await until(lambda: positions == [2, 1])
        gate.opened.set()
        await asyncio.gather(first, third)

    run(scenario)


def test_who_waits_long_is_told_again_that_somebody_is_there(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "SIGN_OF_LIFE_SECONDS", 0.01)

    async def scenario() -> None:
        gate, positions = Gate(), list[int]()
        first = asyncio.create_task(result(ticket(worker, StandIn(1, held(gate)))))
        await entered(gate)
        second = asyncio.create_task(result(ticket(worker, StandIn()), positions))
        await until(lambda: len(positions) >= 3)
        gate.opened.set()
        await asyncio.gather(first, second)
        assert set(positions) == {1}

    run(scenario)


def test_a_cancelled_computation_is_terminated_before_the_next_gets_the_device(worker: Worker) -> None:
    async def scenario() -> None:
        gate, canvas, seen = Gate(), StandIn(2), list[bool]()
        canvas.before = held(gate)
        first = asyncio.create_task(result(ticket(worker, canvas)))
        await entered(gate)
        second = ticket(worker, StandIn(1, lambda number, options: seen.append(gate.terminated)))
        waiting = asyncio.create_task(result(second))
        first.cancel()
        await waiting
        assert (seen, canvas.closed, first.cancelled()) == ([True], 1, True)

    run(scenario)


def test_a_second_cancellation_does_not_free_the_device_early(worker: Worker) -> None:
    async def scenario() -> None:
        gate = Gate()

        def stubborn(number: int, options: Any) -> None:
            gate.entered.set()
            gate.opened.wait(10)

        first = asyncio.create_task(result(ticket(worker, StandIn(1, stubborn))))
        await entered(gate)
        seen: list[bool] = []
        second = asyncio.create_task(
            result(ticket(worker, StandIn(1, lambda number, options: seen.append(gate.opened.is_set()))))
        )
        for _ in range(3):
            first.cancel()
            await asyncio.sleep(0)
        assert not first.done()
        gate.opened.set()
        await second
        assert seen == [True]
        with suppress(asyncio.CancelledError):
            await first
        assert first.cancelled()

    run(scenario)


def test_a_request_that_is_cancelled_between_its_pieces_gives_back_its_memory_at_once(worker: Worker) -> None:
    async def scenario() -> None:
        gate, canvas = Gate(), StandIn(3, least=MEMORY, most=MEMORY)
        canvas.before = held(gate, at=1)
        leaving = asyncio.create_task(result(ticket(worker, canvas)))
        await entered(gate)
        waiting = asyncio.create_task(result(ticket(worker, StandIn(least=MEMORY, most=MEMORY), client="b")))
        await asyncio.sleep(0.02)
        assert not waiting.done()
        leaving.cancel()
        await waiting
        assert canvas.closed == 1

    run(scenario)


def test_a_failure_reaches_its_request_and_the_next_runs(worker: Worker) -> None:
    async def scenario() -> None:
        def fail(number: int, options: Any) -> None:
            raise RuntimeError("broken")

        with pytest.raises(RuntimeError, match="broken"):
            await result(ticket(worker, StandIn(2, fail)))
        assert (await result(ticket(worker, StandIn())) == -0.5).all()

    run(scenario)


def test_a_request_whose_rows_nobody_reads_is_parked_until_somebody_does(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    piece = picture(2, 4).tensor.nbytes
    monkeypatch.setattr(tickets, "MOST_UNREAD_BYTES", 2 * piece)

    async def scenario() -> None:
        order: list[str] = []
        async with ticket(worker, StandIn(6, noting(order, "unread")), picture(12, 4)) as unread:
            await until(lambda: unread.rows.is_full)
            await result(ticket(worker, StandIn(1, noting(order, "other"))))
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
        first = asyncio.create_task(result(ticket(worker, large)))
        await entered(gate)
        second = asyncio.create_task(
            result(ticket(worker, StandIn(1, noting(order, "second"), least=70, most=70), client="b"))
        )
        await asyncio.sleep(0)
        small = asyncio.create_task(
            result(ticket(worker, StandIn(1, noting(order, "small"), least=30, most=30), picture(2, 4), client="c"))
        )
        await asyncio.sleep(0)
        gate.opened.set()
        await asyncio.gather(first, second, small)
        assert order == ["large", "small", "large", "large", "second"]

    run(scenario)


def test_one_request_leaves_a_quarter_of_the_memory_unless_it_needs_it(worker: Worker) -> None:
    async def scenario() -> None:
        modest, greedy = StandIn(least=10, most=1000), StandIn(least=90, most=1000)
        await result(ticket(worker, modest))
        await result(ticket(worker, greedy))
        assert [plan.memory_bytes for plan in modest.plans + greedy.plans] == [72, 90]  # of 16 steps of 6

    run(scenario)


def test_rows_that_nobody_has_read_count_until_somebody_does(device: Device) -> None:
    source = picture(4, 4)
    size = source.tensor.nbytes
    worker = Worker(device, memory=size)

    async def scenario() -> None:
        async with ticket(worker, StandIn(), source) as unread:
            await until(lambda: unread.rows.is_closed)
            waiting = asyncio.create_task(result(ticket(worker, StandIn(least=size, most=size))))
            await asyncio.sleep(0.02)
            assert not waiting.done()
            assert await unread.rows.take(1) is not None
            await waiting

    run(scenario)
    worker.close()


def test_a_request_that_fits_no_memory_is_told_so(worker: Worker) -> None:
    async def scenario() -> None:
        with pytest.raises(TooLarge) as caught:
            await result(ticket(worker, StandIn(least=MEMORY + 1)))
        assert caught.value.memory_bytes == MEMORY + 1
        await result(ticket(worker, StandIn()))

    run(scenario)


def test_who_waits_for_memory_is_overtaken_a_few_times_only(worker: Worker) -> None:
    async def scenario() -> None:
        gate, order = Gate(), list[str]()
        holder = StandIn(200, noting(order, "holder", gate), least=50, most=50)
        first = asyncio.create_task(result(ticket(worker, holder, picture(200, 4), client="holder")))
        await entered(gate)
        large = StandIn(1, noting(order, "large"), least=MEMORY, most=MEMORY)
        waiting = asyncio.create_task(result(ticket(worker, large, client="large")))
        await asyncio.sleep(0)
        smalls = [
            asyncio.create_task(
                result(ticket(worker, StandIn(1, noting(order, "small"), least=10, most=10), client=f"{number}"))
            )
            for number in range(3 * MOST_OVERTAKING)
        ]
        await asyncio.sleep(0)
        gate.opened.set()
        await asyncio.gather(first, waiting, *smalls)
        assert order[: order.index("large")].count("small") == MOST_OVERTAKING

    run(scenario)


def test_small_pictures_of_one_size_are_computed_together(worker: Worker) -> None:
    async def scenario() -> None:
        gate, together = Gate(), StandIn(takes_batches=True)
        first = asyncio.create_task(result(ticket(worker, StandIn(1, held(gate)))))
        await entered(gate)
        sources = [picture(value=number / 10) for number in range(10)]
        tickets = [ticket(worker, together, source, client=f"{n % 3}") for n, source in enumerate(sources)]
        odd = ticket(worker, together, picture(9, 4))
        tasks = [asyncio.create_task(result(one)) for one in (*tickets, odd)]
        await asyncio.sleep(0)
        gate.opened.set()
        results = await asyncio.gather(first, *tasks)
        for source, got in zip(sources, results[1:], strict=False):
            np.testing.assert_array_equal(got, -source.tensor)
        assert together.batches == [8, 2]
        assert sorted(one.batch_size for one in tickets) == [2, 2, *[8] * 8]
        assert odd.batch_size == 1

    run(scenario)


def test_one_that_is_cancelled_is_dropped_from_those_computed_together(worker: Worker) -> None:
    async def scenario() -> None:
        hold, inside, together = Gate(), Gate(), StandIn(takes_batches=True)
        together.before = held(inside)
        first = asyncio.create_task(result(ticket(worker, StandIn(1, held(hold)))))
        await entered(hold)
        tasks = [asyncio.create_task(result(ticket(worker, together))) for _ in range(3)]
        await asyncio.sleep(0)
        hold.opened.set()
        await entered(inside)
        tasks[0].cancel()
        with suppress(asyncio.CancelledError):
            await tasks[0]
        assert not inside.terminated
        inside.opened.set()
        _, *results = await asyncio.gather(first, *tasks[1:])
        assert [bool((got == -0.5).all()) for got in results] == [True, True]

    run(scenario)


def test_pictures_that_fail_together_are_computed_alone(worker: Worker) -> None:
    async def scenario() -> None:
        gate, together = Gate(), StandIn(takes_batches=True)

        def fail(number: int, options: Any) -> None:
            failures.append(MemoryError())
            if len(failures) == 1:
                raise failures[0]

        failures: list[MemoryError] = []
        together.before = fail
        first = asyncio.create_task(result(ticket(worker, StandIn(1, held(gate)))))
        await entered(gate)
        tickets = [ticket(worker, together) for _ in range(3)]
        tasks = [asyncio.create_task(result(one)) for one in tickets]
        await asyncio.sleep(0)
        gate.opened.set()
        _, *results = await asyncio.gather(first, *tasks)
        assert [bool((got == -0.5).all()) for got in results] == [True] * 3
        assert (together.batches, [one.batch_size for one in tickets]) == ([3], [1] * 3)

    run(scenario)


def test_the_time_left_counts_what_goes_first(worker: Worker) -> None:
    async def scenario() -> None:
        gates = [Gate(), Gate()]
        large, small = (StandIn(8, held(gate, at=2)) for gate in gates)
        async with ticket(worker, large, picture(80, 4), client="a") as first:
            await entered(gates[0])
            async with ticket(worker, small, client="b") as second:
                gates[0].opened.set()
                await entered(gates[1])
                now = time.monotonic()
                own = second.forecast.own_seconds_left(now)
                assert own is not None
                assert worker.seconds_for_others(first, 100, now) == own
                assert worker.seconds_for_others(second, 1, now) == 0
                assert worker.seconds_for_others(second, 1000, now) == first.forecast.own_seconds_left(now)
            assert worker.seconds_for_others(first, 100, now) == 0

    run(scenario)
