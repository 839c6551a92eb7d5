"""Results that are kept."""

from __future__ import annotations

import random

import pytest

from plugins.client.messages import Channels, SampleType
from plugins.core.history import Gone, History, Picture

PLENTY = 1 << 30


def picture(width: int, height: int, sample_type: int = SampleType.UINT8, title: str = "Monet") -> Picture:
    return Picture(title, "monet", "ab" * 32, width, height, Channels.RGBA, sample_type)


def noise(count: int) -> bytes:
    return random.Random(count).randbytes(count)


@pytest.mark.parametrize(
    ("sample_type", "size"),
    [(SampleType.UINT8, 1), (SampleType.UINT16, 2), (SampleType.FLOAT16, 2), (SampleType.FLOAT32, 4)],
)
def test_pixels_come_back_as_they_were(sample_type: int, size: int) -> None:
    history = History(PLENTY)
    pixels = noise(600 * 500 * 4 * size)
    entry = history.add(picture(600, 500, sample_type), pixels)
    assert history.pixels(entry) == pixels
    history.settle()
    assert history.pixels(entry) == pixels


def test_entries_come_newest_first_and_know_what_they_are() -> None:
    history = History(PLENTY)
    for title in ("first", "second"):
        history.add(picture(1, 1, title=title), b"1234")
    assert [entry.picture.title for entry in history.entries] == ["second", "first"]


def test_smooth_pictures_take_little_room() -> None:
    history = History(PLENTY)
    ramp = b"".join(value.to_bytes(2, "little") for value in range(0, 65536, 16)) * 64
    history.add(picture(256, 256, SampleType.UINT16), ramp)
    history.settle()
    assert history.used_bytes < len(ramp) / 10


def test_the_oldest_make_room_and_the_window_is_told() -> None:
    told: list[int] = []
    history = History(25_000, lambda: told.append(len(history.entries)))
    entries = []
    for number in range(3):
        entries.append(history.add(picture(50, 50, title=str(number)), noise(10_000)))
        history.settle()
    assert history.entries == (entries[2], entries[1])
    assert told == [2]
    assert history.used_bytes <= 25_000
    with pytest.raises(Gone):
        history.pixels(entries[0])


def test_a_result_over_the_cap_by_itself_is_not_kept() -> None:
    history = History(5_000)
    history.add(picture(50, 50), noise(10_000))
    history.settle()
    assert history.entries == ()


def test_a_removed_entry_is_gone_even_when_it_was_being_packed() -> None:
    history = History(PLENTY)
    entry = history.add(picture(500, 500), noise(1_000_000))
    history.remove(entry)
    history.settle()
    assert history.entries == ()
    assert history.used_bytes == 0
