from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Callable, Iterator
from types import FrameType

import pytest

from server.client.loop_thread import LoopThread

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no timers here that interrupt")


@pytest.fixture
def presses() -> Iterator[list[int]]:
    """Ctrl-C's that the timer pressed."""
    pressed: list[int] = []

    def press(number: int, frame: FrameType | None) -> None:
        pressed.append(number)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, press)
    yield pressed
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


async def work(tell: Callable[[int], None]) -> int:
    await asyncio.sleep(0.001)
    return 1


def is_interrupted(loop: LoopThread, seconds: float) -> bool:
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds, 5)  # the second press comes to who waits for ever
            assert loop.run(work, print) == 1
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        return True
    return False


def test_one_ctrl_c_is_enough_also_while_the_work_is_ending(presses: list[int]) -> None:
    """It may come while the thread takes the last news, which are lost then."""
    loop, chance = LoopThread(), random.Random(0)
    for _ in range(300):
        presses.clear()
        interrupted = is_interrupted(loop, chance.uniform(0.0005, 0.0025))
        assert len(presses) == interrupted
    loop.close()
