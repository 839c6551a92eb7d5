"""Small pictures that are computed together."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import numpy as np

from server.engine.cancel import CancelToken
from server.engine.worker import Worker
from tests.server.engine.requests import entered, request, result, run
from tests.server.engine.stand_in import Gate, StandIn, held, picture


def test_small_pictures_of_one_size_are_computed_together(worker: Worker) -> None:
    async def scenario() -> None:
        gate, together = Gate(), StandIn(takes_batches=True)
        first = asyncio.create_task(result(request(worker, StandIn(1, held(gate)))))
        await entered(gate)
        sources = [picture(value=number / 10) for number in range(10)]
        requests = [request(worker, together, source, client=f"{n % 3}") for n, source in enumerate(sources)]
        odd = request(worker, together, picture(9, 4))
        tasks = [asyncio.create_task(result(one)) for one in (*requests, odd)]
        await asyncio.sleep(0)
        gate.opened.set()
        results = await asyncio.gather(first, *tasks)
        for source, got in zip(sources, results[1:], strict=False):
            np.testing.assert_array_equal(got, -source.tensor)
        assert together.batches == [8, 2]
        assert sorted(one.entry.usage().batch_size for one in requests) == [2, 2, *[8] * 8]
        assert odd.entry.usage().batch_size == 1

    run(scenario)


def test_one_that_is_cancelled_is_dropped_from_those_computed_together(worker: Worker) -> None:
    async def scenario() -> None:
        hold, inside, together = Gate(), Gate(), StandIn(takes_batches=True)
        together.before = held(inside)
        first = asyncio.create_task(result(request(worker, StandIn(1, held(hold)))))
        await entered(hold)
        tasks = [asyncio.create_task(result(request(worker, together))) for _ in range(3)]
        await asyncio.sleep(0)
        hold.opened.set()
        await entered(inside)
        tasks[0].cancel()
        with suppress(asyncio.CancelledError):
            await tasks[0]
        assert not inside.cancelled
        inside.opened.set()
        _, *results = await asyncio.gather(first, *tasks[1:])
        assert [bool((got == -0.5).all()) for got in results] == [True, True]

    run(scenario)


def test_pictures_that_fail_together_are_computed_alone(worker: Worker) -> None:
    async def scenario() -> None:
        gate, together = Gate(), StandIn(takes_batches=True)

        def fail(number: int, token: CancelToken) -> None:
            failures.append(MemoryError())
            if len(failures) == 1:
                raise failures[0]

        failures: list[MemoryError] = []
        together.before = fail
        first = asyncio.create_task(result(request(worker, StandIn(1, held(gate)))))
        await entered(gate)
        requests = [request(worker, together) for _ in range(3)]
        tasks = [asyncio.create_task(result(one)) for one in requests]
        await asyncio.sleep(0)
        gate.opened.set()
        _, *results = await asyncio.gather(first, *tasks)
        assert [bool((got == -0.5).all()) for got in results] == [True] * 3
        assert (together.batches, [one.entry.usage().batch_size for one in requests]) == ([3], [1] * 3)

    run(scenario)
