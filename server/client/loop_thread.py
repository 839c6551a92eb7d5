"""An event loop in a thread of its own, for callers that wait: also where a loop runs already, as in a notebook."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Callable, Coroutine
from queue import SimpleQueue
from typing import Any, TypeVar

Result = TypeVar("Result")
Told = TypeVar("Told")

_CLOSED = "The engine was closed before this was done; close it when no thread needs it any more."


class LoopThread:
    """Runs coroutines, of several threads at once if need be. It ends when it is closed or forgotten."""

    def __init__(self) -> None:
        runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)  # which leaves this thread's own loop alone
        self._loop = runner.get_loop()
        self._thread = threading.Thread(target=_serve, args=(runner,), name="pleinair-engine", daemon=True)
        self._thread.start()
        self._opening = threading.Lock()  # so that whatever begins does so before the loop is told to stop
        self._end = weakref.finalize(self, self._loop.call_soon_threadsafe, self._loop.stop)

    def run(
        self, work: Callable[[Callable[[Told], None]], Coroutine[Any, Any, Result]], hear: Callable[[Told], None]
    ) -> Result:
        """Returns what ``work`` returns; what it tells meanwhile is heard in this thread. An exception here, such as
        KeyboardInterrupt, cancels the work, and waits until it has ended. Raises RuntimeError when it is closed."""
        news: SimpleQueue[Told | asyncio.Task[Result]] = SimpleQueue()  # the task itself when it has ended
        tasks: list[asyncio.Task[Result]] = []
        ended = threading.Event()  # an interrupted news.get() may have taken the task from the queue, and lost it

        def begin() -> None:
            tasks.append(self._loop.create_task(work(news.put)))
            tasks[0].add_done_callback(news.put)
            tasks[0].add_done_callback(lambda _: ended.set())

        with self._opening:
            if not self._end.alive:
                raise RuntimeError(_CLOSED)
            self._loop.call_soon_threadsafe(begin)
        try:
            while not isinstance(one := news.get(), asyncio.Task):
                hear(one)
        except BaseException:
            self._loop.call_soon_threadsafe(lambda: tasks[0].cancel())
            ended.wait()
            raise
        try:
            return one.result()
        except asyncio.CancelledError:
            raise RuntimeError(_CLOSED) from None

    def close(self) -> None:
        """Ends the thread, and what work has left running in it; a second time nothing happens."""
        with self._opening:
            self._end()
        self._thread.join()


def _serve(runner: asyncio.Runner) -> None:
    with runner:  # ends what still runs when the loop is stopped
        runner.get_loop().run_forever()
