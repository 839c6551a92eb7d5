from __future__ import annotations

import os

import pytest

from plugins.core.history import Entry, History


def entry(name: str) -> Entry:
    return Entry(name, name.title(), "0" * 64, "Background", 10, 10, 4, 1)


def test_pixels_come_back_without_loss_newest_first() -> None:
    history = History()
    first, second = entry("first"), entry("second")
    pixels = {one.filter_id: os.urandom(400) for one in (first, second)}
    for one in (first, second):
        assert history.add(one, pixels[one.filter_id])
    assert history.entries == [second, first]
    assert history.pixels(first) == pixels["first"]


def test_the_oldest_go_when_there_is_no_room() -> None:
    history = History(cap_bytes=1000)
    entries = [entry(name) for name in "abc"]
    for one in entries:
        history.add(one, os.urandom(400))
    assert history.entries == [entries[2], entries[1]]
    with pytest.raises(KeyError):
        history.pixels(entries[0])


def test_a_result_larger_than_all_room_takes_nobodys_place() -> None:
    history = History(cap_bytes=1000)
    kept = entry("kept")
    history.add(kept, os.urandom(400))
    assert not history.add(entry("huge"), os.urandom(2000))
    assert history.entries == [kept]


def test_one_that_was_removed_is_gone() -> None:
    history = History()
    one = entry("one")
    history.add(one, b"abc")
    history.remove(one)
    history.remove(one)
    assert history.entries == []
