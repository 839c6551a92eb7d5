"""Whose turn it is, on a clock of the test's own."""

from __future__ import annotations

from dataclasses import dataclass

from server.engine.scheduler import MOST_OVERTAKING, SLACK_SECONDS, Scheduler


@dataclass(eq=False)
class Entry:
    """What the order of turns depends on."""

    client: str
    pixels_left: float = 1.0
    arrived: float = 0.0
    overtaken: int = 0
    least_memory: int = 0
    is_started: bool = True
    is_preview: bool = False


class Day:
    """Gives turns to entries whose pieces take ``seconds`` each, and counts what each has had."""

    def __init__(self) -> None:
        self.scheduler: Scheduler[Entry] = Scheduler()
        self.now = 0.0
        self.had: dict[Entry, float] = {}

    def comes(self, entry: Entry) -> Entry:
        entry.arrived = self.now
        self.scheduler.add(entry, self.now)
        return entry

    def leaves(self, entry: Entry) -> None:
        self.scheduler.discard(entry)

    def pass_time(self, until: float, **seconds: float) -> list[str]:
        """Whose the turns were, by client."""
        given = []
        while self.now < until:
            entry = self.scheduler.in_order(self.now)[0]
            given.append(entry.client)
            took = seconds[entry.client]
            self.now += took
            self.scheduler.count(entry, took, self.now)
        return given


def test_time_is_shared_equally_however_long_the_pieces_are() -> None:
    day = Day()
    day.comes(Entry("a"))
    day.comes(Entry("b"))
    given = day.pass_time(400, a=4, b=1)
    assert 0.7 < given.count("a") * 4 / given.count("b") < 1.4


def test_what_is_small_is_not_interrupted_by_what_is_large_for_a_while_and_then_they_share() -> None:
    day = Day()
    day.comes(Entry("a", pixels_left=64))
    day.pass_time(600, a=2)
    day.comes(Entry("b"))
    given = day.pass_time(1000, a=2, b=1)
    undisturbed = int(SLACK_SECONDS / 2)
    assert given[:undisturbed] == ["b"] * undisturbed
    assert 80 < given.count("a") < 110


def test_what_is_large_shares_with_what_is_larger() -> None:
    day = Day()
    day.comes(Entry("a", pixels_left=64))
    day.pass_time(600, a=2)
    day.comes(Entry("b", pixels_left=65))
    assert 95 <= day.pass_time(1000, a=2, b=2).count("a") <= 110


def test_who_comes_again_and_again_is_not_new_each_time() -> None:
    day = Day()
    day.comes(Entry("a", pixels_left=64))
    day.pass_time(600, a=2)
    given: list[str] = []
    for _ in range(30):
        again = day.comes(Entry("b"))
        given += day.pass_time(day.now + 4, a=2, b=1)
        day.leaves(again)
    assert given.count("a") > 20


def test_an_endless_stream_of_new_clients_does_not_starve_anybody() -> None:
    day = Day()
    day.comes(Entry("a", pixels_left=64))
    day.pass_time(600, a=2)
    given: list[str] = []
    for number in range(100):
        new = day.comes(Entry(f"new{number}"))
        given += day.pass_time(day.now + 1, a=2, **{new.client: 1})
        day.leaves(new)
    assert given.count("a") >= 3


def test_within_a_client_what_has_least_to_do_is_first_and_of_equals_who_came_first() -> None:
    day = Day()
    entries = [day.comes(Entry("a", pixels_left=pixels)) for pixels in (9, 4, 4)]
    assert day.scheduler.in_order(0) == [entries[1], entries[2], entries[0]]


def test_what_was_overtaken_often_is_first_within_its_client() -> None:
    day = Day()
    large = day.comes(Entry("a", pixels_left=100))
    for number in range(MOST_OVERTAKING):
        day.now += 1
        small = day.comes(Entry("a", is_started=False))
        assert day.scheduler.in_order(day.now)[0] is small, number
        day.scheduler.count_overtaking(small)
        day.leaves(small)
    day.now += 1
    day.comes(Entry("a"))
    assert day.scheduler.in_order(day.now)[0] is large
    day.scheduler.count(large, 1, day.now)
    assert day.scheduler.in_order(day.now)[0] is not large
