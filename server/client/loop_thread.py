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


class LoopThread:
    """Runs coroutines, of several threads at once if need be. It ends when it is closed or forgotten."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=_serve, args=(self._loop,), name="pleinair-engine", daemon=True)
        self._thread.start()
        self._end = weakref.finalize(self, self._loop.call_soon_threadsafe, self._loop.stop)

    def run(
        self, work: Callable[[Callable[[Told], None]], Coroutine[Any, Any, Result]], hear: Callable[[Told], None]
    ) -> Result:
        """Returns what ``work`` returns; what it tells meanwhile is heard in this thread. An exception here, such as
        KeyboardInterrupt, cancels the work, and waits until it has ended."""
        news: SimpleQueue[Told | asyncio.Task[Result]] = SimpleQueue()  # the task itself when it has ended
        tasks: list[asyncio.Task[Result]] = []

        def begin() -> None:
            tasks.append(self._loop.create_task(work(news.put)))
            tasks[0].add_done_callback(news.put)

        self._loop.call_soon_threadsafe(begin)
        try:
            while not isinstance(one := news.get(), asyncio.Task):
                hear(one)
        except BaseException:
            self._loop.call_soon_threadsafe(lambda: tasks[0].cancel())
            while not isinstance(news.get(), asyncio.Task):
                pass
            raise
        return one.result()

    def close(self) -> None:
        """Ends the thread; a second time nothing happens."""
        if self._end.alive:
            self._end()
            self._thread.join()


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()
