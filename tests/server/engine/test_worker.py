"""One device for many: turns, places, cancellation."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import numpy as np
import pytest

from server.engine import entry as entries
from server.engine.cancel import CancelToken
from server.engine.source import TensorSource
from server.engine.worker import Worker
from tests.server.engine.requests import entered, noting, request, result, run, until
from tests.server.engine.stand_in import Gate, StandIn, held, picture


def test_rows_come_out_as_the_network_gives_them(worker: Worker) -> None:
    async def scenario() -> None:
        source = TensorSource(np.random.default_rng(0).random((1, 3, 9, 4), np.float32))
        np.testing.assert_array_equal(await result(request(worker, StandIn(pieces=3), source)), -source.tensor)

    run(scenario)


@pytest.mark.parametrize("client", ["a", "b"])
def test_a_small_request_of_many_pieces_is_held_up_by_one_piece_of_a_large_one(worker: Worker, client: str) -> None:
    async def scenario() -> None:
        order, gate = list[str](), Gate()
        large = StandIn(6, noting(order, "large", gate))
        first = asyncio.create_task(result(request(worker, large, picture(60, 4), client="a")))
        await entered(gate)
        small = request(worker, StandIn(5, noting(order, "small")), picture(5, 4), client=client)
        second = asyncio.create_task(result(small))
        await asyncio.sleep(0)
        gate.opened.set()
        await asyncio.gather(first, second)
        assert order == ["large", *["small"] * 5, *["large"] * 5]

    run(scenario)


def test_equal_requests_of_one_client_end_one_after_the_other(worker: Worker) -> None:
    async def scenario() -> None:
        order, gate = list[str](), Gate()
        first = asyncio.create_task(result(request(worker, StandIn(3, noting(order, "first", gate)))))
        await entered(gate)
        second = asyncio.create_task(result(request(worker, StandIn(3, noting(order, "second")))))
        await asyncio.sleep(0)
        gate.opened.set()
        await asyncio.gather(first, second)
        assert order == ["first"] * 3 + ["second"] * 3

    run(scenario)


def test_many_requests_of_one_client_do_not_hold_up_another(worker: Worker) -> None:
    async def scenario() -> None:
        order, gate = list[str](), Gate()
        first = asyncio.create_task(result(request(worker, StandIn(1, noting(order, "a", gate)))))
        await entered(gate)
        many = [asyncio.create_task(result(request(worker, StandIn(1, noting(order, "a"))))) for _ in range(5)]
        await asyncio.sleep(0)
        other = asyncio.create_task(result(request(worker, StandIn(1, noting(order, "b")), client="b")))
        await asyncio.sleep(0)
        gate.opened.set()
        await asyncio.gather(first, *many, other)
        assert order == ["a", "b", "a", "a", "a", "a", "a"]

    run(scenario)


def test_a_waiting_request_is_told_how_many_are_before_it(worker: Worker) -> None:
    async def scenario() -> None:
        gates = [Gate(), Gate()]
        first = asyncio.create_task(result(request(worker, StandIn(1, held(gates[0])))))
        await entered(gates[0])
        second = asyncio.create_task(result(request(worker, StandIn(1, held(gates[1])))))
        await asyncio.sleep(0)
        positions: list[int] = []
        third = asyncio.create_task(result(request(worker, StandIn()), positions))
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
        first = asyncio.create_task(result(request(worker, StandIn(1, held(gate)))))
        await entered(gate)
        async with request(worker, StandIn(), is_preview=True), request(worker, StandIn()):
            last = asyncio.create_task(result(request(worker, StandIn()), positions))
            await until(lambda: positions == [2])
        gate.opened.set()
        await asyncio.gather(first, last)

    run(scenario)


def test_a_place_that_is_left_lets_the_next_move_up(worker: Worker) -> None:
    async def scenario() -> None:
        gate, positions = Gate(), list[int]()
        first = asyncio.create_task(result(request(worker, StandIn(1, held(gate)))))
        await entered(gate)
        async with request(worker, StandIn()):
            third = asyncio.create_task(result(request(worker, StandIn()), positions))
            await until(lambda: positions == [2])
        await until(lambda: positions == [2, 1])
        gate.opened.set()
        await asyncio.gather(first, third)

    run(scenario)


def test_who_waits_long_is_told_again_that_somebody_is_there(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "SIGN_OF_LIFE_SECONDS", 0.01)

    async def scenario() -> None:
        gate, positions = Gate(), list[int]()
        first = asyncio.create_task(result(request(worker, StandIn(1, held(gate)))))
        await entered(gate)
        second = asyncio.create_task(result(request(worker, StandIn()), positions))
        await until(lambda: len(positions) >= 3)
        gate.opened.set()
        await asyncio.gather(first, second)
        assert set(positions) == {1}

    run(scenario)


def test_a_cancelled_computation_has_ended_before_the_next_gets_the_device(worker: Worker) -> None:
    async def scenario() -> None:
        gate, network, seen = Gate(), StandIn(2), list[bool]()
        network.before = held(gate)
        first = asyncio.create_task(result(request(worker, network)))
        await entered(gate)
        second = request(worker, StandIn(1, lambda number, token: seen.append(gate.cancelled)))
        waiting = asyncio.create_task(result(second))
        first.cancel()
        await waiting
        assert (seen, network.closed, first.cancelled()) == ([True], 1, True)

    run(scenario)


def test_a_second_cancellation_does_not_free_the_device_early(worker: Worker) -> None:
    async def scenario() -> None:
        gate = Gate()

        def stubborn(number: int, token: CancelToken) -> None:
            gate.entered.set()
            gate.opened.wait(10)

        first = asyncio.create_task(result(request(worker, StandIn(1, stubborn))))
        await entered(gate)
        seen: list[bool] = []
        second = asyncio.create_task(
            result(request(worker, StandIn(1, lambda number, token: seen.append(gate.opened.is_set()))))
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


def test_a_failure_reaches_its_request_and_the_next_runs(worker: Worker) -> None:
    async def scenario() -> None:
        def fail(number: int, token: CancelToken) -> None:
            raise RuntimeError("broken")

        with pytest.raises(RuntimeError, match="broken"):
            await result(request(worker, StandIn(2, fail)))
        assert (await result(request(worker, StandIn())) == -0.5).all()

    run(scenario)


def test_the_time_left_counts_what_goes_first(worker: Worker) -> None:
    async def scenario() -> None:
        gates = [Gate(), Gate()]
        large, small = (StandIn(8, held(gate, at=2)) for gate in gates)
        async with request(worker, large, picture(80, 4), client="a") as first:
            await entered(gates[0])
            async with request(worker, small, client="b") as second:
                gates[0].opened.set()
                await entered(gates[1])
                now = time.monotonic()
                own = second.own_seconds_left(now)
                assert own is not None
                assert worker.seconds_for_others(first, 100, now) == own
                assert worker.seconds_for_others(second, 1, now) == 0
                assert worker.seconds_for_others(second, 1000, now) == first.own_seconds_left(now)
            assert worker.seconds_for_others(first, 100, now) == 0

    run(scenario)
