"""One device for many: order, places, cancellation."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from server.engine.device import Device
from server.engine.worker import Place, Worker


@pytest.fixture
def worker(device: Device) -> Iterator[Worker]:
    worker = Worker(device)
    yield worker
    worker.close()


class Gate:
    """Work that holds the device until it is opened, or terminated."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.opened = threading.Event()
        self.terminated = False

    def __call__(self, options: Any) -> str:
        self.entered.set()
        while not self.opened.wait(0.01):
            if options.terminate:
                self.terminated = True
                return "terminated"
        return "done"


async def request(worker: Worker, work: Any, positions: list[int] | None = None) -> Any:
    async with worker.place() as place:
        async for position in place.positions():
            if positions is not None:
                positions.append(position)
        async with place.running(work) as running:
            return await running


async def entered(gate: Gate) -> None:
    assert await asyncio.to_thread(gate.entered.wait, 10)


async def until(condition: Any) -> None:
    """Polls: what is waited for is a state that has no event of its own."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


def test_requests_run_one_at_a_time_in_order_of_arrival(worker: Worker) -> None:
    running: list[int] = []
    order: list[int] = []

    def work(number: int) -> Any:
        def run(options: Any) -> None:
            running.append(number)
            assert running == [number]
            order.append(number)
            running.remove(number)

        return run

    async def scenario() -> None:
        await asyncio.gather(*(request(worker, work(number)) for number in range(8)))

    asyncio.run(scenario())
    assert order == list(range(8))


def test_a_waiting_request_is_told_how_many_are_before_it(worker: Worker) -> None:
    async def scenario() -> list[int]:
        gates = [Gate(), Gate()]
        first = asyncio.create_task(request(worker, gates[0]))
        await entered(gates[0])
        second = asyncio.create_task(request(worker, gates[1]))
        await asyncio.sleep(0)
        positions: list[int] = []
        third = asyncio.create_task(request(worker, lambda options: None, positions))
        await until(lambda: positions == [2])
        gates[0].opened.set()
        await until(lambda: positions == [2, 1])
        gates[1].opened.set()
        await asyncio.gather(first, second, third)
        return positions

    assert asyncio.run(scenario()) == [2, 1]


def test_a_request_cancelled_in_the_queue_is_never_computed(worker: Worker) -> None:
    async def scenario() -> None:
        gate, computed = Gate(), threading.Event()
        first = asyncio.create_task(request(worker, gate))
        await entered(gate)
        second = asyncio.create_task(request(worker, lambda options: computed.set()))
        await asyncio.sleep(0)
        positions: list[int] = []
        third = asyncio.create_task(request(worker, lambda options: "third", positions))
        await until(lambda: positions == [2])
        second.cancel()
        await until(lambda: positions == [2, 1])
        gate.opened.set()
        assert await third == "third"
        assert await first == "done"
        assert second.cancelled()
        assert not computed.is_set()

    asyncio.run(scenario())


def test_a_cancelled_computation_is_terminated_before_the_next_gets_the_device(worker: Worker) -> None:
    async def scenario() -> None:
        gate = Gate()
        first = asyncio.create_task(request(worker, gate))
        await entered(gate)
        second = asyncio.create_task(request(worker, lambda options: gate.terminated))
        first.cancel()
        assert await second is True
        assert first.cancelled()

    asyncio.run(scenario())


def test_a_second_cancellation_does_not_free_the_device_early(worker: Worker) -> None:
    async def scenario() -> None:
        left = threading.Event()
        started = threading.Event()

        def stubborn(options: Any) -> None:
            started.set()
            left.wait(10)

        first = asyncio.create_task(request(worker, stubborn))
        assert await asyncio.to_thread(started.wait, 10)
        second = asyncio.create_task(request(worker, lambda options: left.is_set()))
        for _ in range(3):
            first.cancel()
            await asyncio.sleep(0)
        assert not first.done()
        left.set()
        assert await second is True
        with suppress(asyncio.CancelledError):
            await first
        assert first.cancelled()

    asyncio.run(scenario())


def test_a_failure_reaches_its_request_and_the_next_runs(worker: Worker) -> None:
    async def scenario() -> None:
        def fail(options: Any) -> None:
            raise RuntimeError("broken")

        with pytest.raises(RuntimeError, match="broken"):
            await request(worker, fail)
        assert await request(worker, lambda options: 1) == 1

    asyncio.run(scenario())


def test_a_place_that_is_left_lets_the_next_move_up(worker: Worker) -> None:
    async def scenario() -> list[int]:
        seen: list[int] = []

        async def wait(place: Place) -> None:
            async with place:
                async for position in place.positions():
                    seen.append(position)

        async with worker.place():
            waiting = asyncio.create_task(wait(worker.place()))
            await until(lambda: seen == [1])
        await waiting
        return seen

    assert asyncio.run(scenario()) == [1]


def test_who_waits_long_is_told_again_that_somebody_is_there(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.engine.worker.SIGN_OF_LIFE_SECONDS", 0.01)

    async def scenario() -> list[int]:
        gate, positions = Gate(), list[int]()
        first = asyncio.create_task(request(worker, gate))
        await entered(gate)
        second = asyncio.create_task(request(worker, lambda options: None, positions))
        await until(lambda: len(positions) >= 3)
        gate.opened.set()
        await asyncio.gather(first, second)
        return positions

    assert set(asyncio.run(scenario())) == {1}
