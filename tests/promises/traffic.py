"""Mixed traffic: several callers at once, every way through every kind of filter, many sizes."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.promises.ways import WAYS, calling, go

CALLERS = 4
SIDES = (64, 100, 128, 200, 256, 300, 384, 512, 600, 768)
SAMPLE_SECONDS = 2.0


def send_mixed(
    address: str, filters: Sequence[str], *, seconds: float, sample: Callable[[], None], seed: int = 15
) -> Counter[str]:
    """Sends for this time, and calls ``sample`` every two seconds. Returns how often each status came."""
    over = threading.Event()
    with ThreadPoolExecutor(CALLERS) as pool:
        callers = [pool.submit(_call, address, filters, random.Random(seed + one), over) for one in range(CALLERS)]
        _sample(seconds, sample)
        over.set()
        return sum((caller.result() for caller in callers), Counter[str]())


def _call(address: str, filters: Sequence[str], chance: random.Random, over: threading.Event) -> Counter[str]:
    came: Counter[str] = Counter()
    with calling(address) as caller:
        while not over.is_set():
            came[go(chance.choice(WAYS), caller, chance.choice(filters), chance.choice(SIDES)).name] += 1
    return came


def _sample(seconds: float, sample: Callable[[], None]) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        sample()
        time.sleep(min(SAMPLE_SECONDS, max(until - time.monotonic(), 0)))
    sample()
