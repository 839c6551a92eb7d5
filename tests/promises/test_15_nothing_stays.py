"""However a call goes, nothing of its picture stays: memory does not grow with the number of calls."""

from __future__ import annotations

import gc
import subprocess
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import factories
from tests.processes import serving
from tests.promises.kinds import put_kinds
from tests.promises.length import counted
from tests.promises.slopes import Slopes
from tests.promises.traffic import send_mixed
from tests.promises.usage import usage
from tests.promises.ways import WAYS, Caller, Way, calling, go
from tests.trainings import eventually

SIDE = 300  # from 128 on a picture is computed in pieces where it can be
PICTURE = SIDE * SIDE * 3  # bytes
RUNS = counted(short=2, long=100)


@pytest.fixture(scope="module")
def filters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Caller, list[str]]]:
    """Of every kind, and who calls them."""
    folder = tmp_path_factory.mktemp("filters")
    identifiers = put_kinds(folder)
    with factories.running_server(folder, training="off", poll=3600) as server, calling(server.address) as caller:
        yield caller, identifiers


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_nothing_of_a_picture_stays(filters: tuple[Caller, list[str]], way: Way) -> None:
    """Python's own count of what is alive, with numpy's arrays, grows by less than a tenth of a picture a call while
    Python does not look for circles, which may be a long time; then by less than one in all calls."""
    caller, identifiers = filters
    calls = RUNS * len(identifiers)
    for identifier in identifiers:
        go(way, caller, identifier, SIDE)
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        for _ in range(RUNS):
            for identifier in identifiers:
                go(way, caller, identifier, SIDE)
        assert _alive(calls * PICTURE // 10) < calls * PICTURE // 10
        gc.collect()
        assert _alive(PICTURE) < PICTURE
    finally:
        gc.enable()
        tracemalloc.stop()


def _alive(enough: int) -> int:
    """Bytes that came since tracemalloc began, once there are no more than ``enough`` of them, or after some seconds:
    a call that its caller gave up ends a little later."""
    until = time.monotonic() + 5
    while (alive := tracemalloc.get_traced_memory()[0]) >= enough and time.monotonic() < until:
        time.sleep(0.02)
    return alive


@pytest.mark.slow
def test_a_server_in_mixed_traffic_gives_back_what_it_takes(tmp_path: Path) -> None:
    """Its descriptors come down to what they were, its threads to a few, and its memory has an end; how flat it is
    in the long run is what ``make soak`` measures."""
    identifiers = put_kinds(tmp_path)
    with serving(tmp_path, "--training", "off", log=subprocess.DEVNULL) as server:
        slopes, before = Slopes(server.process.pid), usage(server.process.pid)
        came = send_mixed(server.address, identifiers, seconds=counted(short=8.0, long=600.0), sample=slopes.sample)
        assert {"OK", "CANCELLED", "INTERNAL", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND"} <= set(came)
        assert "UNKNOWN" not in came
        eventually(lambda: usage(server.process.pid).descriptors <= before.descriptors + 2)
        assert usage(server.process.pid).threads < before.threads + 40
        assert usage(server.process.pid).peak < 600 << 20
        assert slopes.memory < counted(short=1000 << 20, long=1 << 20)  # in a short time it still warms up
