from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

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


def test_work_in_another_thread_is_told_that_it_was_closed() -> None:
    thread, began = LoopThread(), threading.Event()

    async def work(tell: Callable[[None], None]) -> None:
        began.set()
        await asyncio.Event().wait()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(thread.run, work, lambda told: None)
        began.wait()
        thread.close()
        with pytest.raises(RuntimeError, match="closed before this was done"):
            waiting.result(timeout=10)


@pytest.mark.parametrize("attempt", range(20))
def test_work_that_begins_while_it_closes_never_waits_for_ever(attempt: int) -> None:
    thread, threads = LoopThread(), 4
    ready = threading.Barrier(threads + 1)

    def call() -> None:
        ready.wait()
        with pytest.raises(RuntimeError, match="closed before this was done"):
            thread.run(lambda tell: asyncio.Event().wait(), lambda told: None)

    with ThreadPoolExecutor(threads) as pool:
        waiting = [pool.submit(call) for _ in range(threads)]
        ready.wait()
        thread.close()
        for one in waiting:
            one.result(timeout=10)
