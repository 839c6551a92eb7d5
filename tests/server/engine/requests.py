"""What asks a worker for results."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np

from server.engine.cancel import CancelToken
from server.engine.pace import Pace
from server.engine.pixels import Tensor
from server.engine.source import TensorSource
from server.engine.worker import Request, Worker
from tests.server.engine.stand_in import Before, Gate, StandIn, picture

MEMORY = 100  # bytes, of the worker that tests get


def request(
    worker: Worker, network: StandIn, source: TensorSource | None = None, client: str = "a", is_preview: bool = False
) -> Request:
    return worker.request(
        client,
        network,
        source or picture(),
        lambda top, rows: rows,
        Pace(),
        is_preview=is_preview,
    )


async def result(one: Request, positions: list[int] | None = None) -> Tensor:
    """All rows of a request, from its place in the queue on."""
    rows = []
    async with one as entry:
        async for position in entry.positions():
            if positions is not None:
                positions.append(position)
        while not entry.rows.is_at_end:
            part = await entry.rows.take(10)
            if part is not None:
                rows.append(part)
        entry.raise_error()
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


def noting(order: list[str], name: str, gate: Gate | None = None) -> Before:
    """Notes each piece, and holds the first at the gate, if there is one."""

    def before(number: int, token: CancelToken) -> None:
        if gate is not None and number == 0:
            gate.hold(token)
        order.append(name)

    return before
