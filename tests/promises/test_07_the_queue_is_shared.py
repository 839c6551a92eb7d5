"""The queue is bounded, refuses at once, and no client has all of it."""

from __future__ import annotations

import select
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from tests import factories
from tests.contract.connection import chunks_of, frame_of, header_frame, pixel_frame
from tests.processes import ServerProcess, serving
from tests.promises.by_hand import CallByHand, call_by_hand
from tests.promises.length import counted

pytestmark = pytest.mark.slow

TRANSLATE = "/pleinair.v1.TranslationService/Translate"
CLIENTS, PLACES = 40, 24
ROUNDS = counted(short=5, long=30)
MURAL = np.zeros((512, 512, 3), np.uint8)  # a minute or more for the slow filter
OK, RESOURCE_EXHAUSTED = "0", "8"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    factories.put(tmp_path, factories.identity())
    factories.put(tmp_path, factories.slow())
    with serving(tmp_path, "--queue", str(PLACES), "--training", "off", "--stall", "60", "--threads", "1") as server:
        yield server


@contextmanager
def computing(server: ServerProcess) -> Iterator[None]:
    """The device has something to do meanwhile."""
    with call_by_hand(server.address, TRANSLATE, source="127.0.1.1") as mural:
        mural.send(frame_of("slow", MURAL), *chunks_of(MURAL), close=True)
        while not mural.taken:
            mural.wait(5)
        yield


@contextmanager
def clients(server: ServerProcess, hosts: Sequence[str]) -> Iterator[list[CallByHand]]:
    """One of each host, all connected, before any has called."""
    with ExitStack() as stack:
        yield [stack.enter_context(call_by_hand(server.address, TRANSLATE, source=host)) for host in hosts]


def refusals(calls: Sequence[CallByHand], expected: int) -> list[float]:
    """How long each refusal took when all come at once, in seconds."""
    seconds: list[float] = []
    waiting: dict[CallByHand, float] = {}
    for call in calls:
        waiting[call] = time.perf_counter()
        call.begin()
    until = time.monotonic() + 20
    while len(seconds) < expected and time.monotonic() < until:
        for call in select.select([*waiting], [], [], 1)[0]:
            if call.wait(0) and call.has_ended:
                seconds.append(time.perf_counter() - waiting.pop(call))
    return seconds


def statuses(calls: Sequence[CallByHand]) -> list[str]:
    """Of all calls; those that were let in send a picture."""
    for call in calls:
        if not call.has_ended:
            call.send(header_frame(), pixel_frame(bytes(12)), close=True)
            call.await_end()
    return sorted(call.headers["grpc-status"] for call in calls)


@pytest.mark.parametrize(
    ("hosts", "let_in"),
    [(["127.0.0.1"] * CLIENTS, PLACES * 3 // 4), ([f"127.0.0.{1 + number % 20}" for number in range(CLIENTS)], PLACES)],
    ids=["one client", "twenty clients"],
)
def test_forty_clients_get_their_places_or_an_answer(server: ServerProcess, hosts: Sequence[str], let_in: int) -> None:
    with clients(server, hosts) as calls:
        refusals(calls, CLIENTS - let_in)
        assert statuses(calls) == [OK] * let_in + [RESOURCE_EXHAUSTED] * (CLIENTS - let_in)
        refused = [call for call in calls if call.headers["grpc-status"] == RESOURCE_EXHAUSTED]
        assert all("try again" in call.headers["grpc-message"] for call in refused)


def test_a_refusal_comes_within_fifty_milliseconds_while_the_device_computes(server: ServerProcess) -> None:
    with computing(server):
        taken = []  # the median of each burst, of which other programs may disturb some
        for _ in range(ROUNDS):
            with clients(server, ["127.0.0.1"] * CLIENTS) as calls:
                taken.append(median(refusals(calls, CLIENTS - PLACES * 3 // 4)))
    assert min(taken) < 0.05
