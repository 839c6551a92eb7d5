"""Results that are kept."""

from __future__ import annotations

import contextlib
import random
import threading

import pytest

from plugins.client.messages import Channels, SampleType
from plugins.core.history import Entry, History


def entry(name: str, sample_type: int = SampleType.UINT8) -> Entry:
    return Entry(name, name.title(), "0" * 64, "Background", 10, 10, Channels.RGBA, sample_type)


def noise(count: int) -> bytes:
    return random.Random(count).randbytes(count)


@pytest.mark.parametrize(
    ("sample_type", "size"),
    [(SampleType.UINT8, 1), (SampleType.UINT16, 2), (SampleType.FLOAT16, 2), (SampleType.FLOAT32, 4)],
)
def test_pixels_come_back_as_they_were(sample_type: int, size: int) -> None:
    history, one, pixels = History(), entry("one", sample_type), noise(600 * 500 * 4 * size)
    assert history.add(one, pixels)
    assert history.pixels(one) == pixels


def test_entries_come_newest_first_and_like_ones_are_kept_apart() -> None:
    history = History()
    first, second = entry("same"), entry("same")
    for one, pixels in ((first, b"first"), (second, b"second")):
        history.add(one, pixels)
    assert history.entries == [second, first]
    assert [bytes(history.pixels(one)) for one in (first, second)] == [b"first", b"second"]


def test_smooth_pictures_take_little_room() -> None:
    ramp = b"".join(value.to_bytes(2, "little") for value in range(0, 65536, 16)) * 64
    assert History(cap_bytes=len(ramp) // 10).add(entry("ramp", SampleType.UINT16), ramp)


def test_the_oldest_go_when_there_is_no_room() -> None:
    history = History(cap_bytes=1000)
    entries = [entry(name) for name in "abc"]
    for one in entries:
        history.add(one, noise(400))
    assert history.entries == [entries[2], entries[1]]
    with pytest.raises(KeyError):
        history.pixels(entries[0])


def test_a_result_larger_than_all_room_takes_nobodys_place() -> None:
    history = History(cap_bytes=1000)
    kept = entry("kept")
    history.add(kept, noise(400))
    assert not history.add(entry("huge"), noise(2000))
    assert history.entries == [kept]


def test_threads_may_add_while_a_window_looks() -> None:
    history, ended = History(cap_bytes=50_000), threading.Event()

    def look() -> None:
        while not ended.is_set():
            for one in history.entries:
                with contextlib.suppress(KeyError):  # it may just have made room
                    assert len(history.pixels(one)) == 2000

    def add() -> None:
        for _ in range(20):
            assert history.add(entry("one"), noise(2000))

    watcher, *adders = [threading.Thread(target=work) for work in (look, add, add)]
    for thread in (watcher, *adders):
        thread.start()
    for adder in adders:
        adder.join()
    ended.set()
    watcher.join()
    assert 20 <= len(history.entries) <= 25
