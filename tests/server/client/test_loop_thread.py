from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

import pytest

from server.client import loop_thread
from server.client.loop_thread import LoopThread


class InterruptedQueue(SimpleQueue[Any]):
    """Ctrl-C comes as the last news are taken, which are lost then: Python raises between the call and its caller."""

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        one = super().get(block, timeout)
        if isinstance(one, asyncio.Task):
            raise KeyboardInterrupt
        return one


async def work(tell: Callable[[int], None]) -> int:
    tell(1)
    return 2


def test_ctrl_c_at_the_very_end_of_the_work_is_not_waited_on_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_thread, "SimpleQueue", InterruptedQueue)
    loop, raised = LoopThread(), threading.Event()

    def run() -> None:
        with pytest.raises(KeyboardInterrupt):
            loop.run(work, lambda one: None)
        raised.set()

    threading.Thread(target=run, daemon=True).start()
    assert raised.wait(5)
    loop.close()


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
