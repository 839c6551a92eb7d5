from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from server.client.loop_thread import LoopThread


def test_closing_ends_what_work_has_left_running(caplog: pytest.LogCaptureFixture) -> None:
    ended: list[str] = []
    left: list[asyncio.Task[None]] = []

    async def wait_for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    async def work(tell: Callable[[None], None]) -> int:
        left.append(asyncio.create_task(wait_for_ever()))
        await asyncio.sleep(0)
        return 7

    thread = LoopThread()
    assert thread.run(work, lambda told: None) == 7
    thread.close()
    thread.close()
    assert ended == ["cancelled"]
    del left[:]
    assert not caplog.records


def test_it_leaves_the_event_loop_of_the_callers_thread_alone() -> None:
    async def inside() -> asyncio.AbstractEventLoop:
        thread = LoopThread()
        thread.run(lambda tell: asyncio.sleep(0), lambda told: None)
        thread.close()
        return asyncio.get_running_loop()

    with asyncio.Runner() as runner:
        assert runner.run(inside()) is runner.get_loop()
