"""What lives at a time, and what an arena takes for it."""

from __future__ import annotations

from server.engine.footprint.arena import Arena
from server.engine.footprint.lifetimes import Step, peak_bytes

MIB = 1 << 20
SIZES = {"a": 10, "b": 30, "c": 20}
FIRST, SECOND, THIRD = Step(("x",), ("a",)), Step(("a",), ("b",)), Step(("b",), ("c",))


def test_a_value_lives_from_its_step_to_its_last_reader() -> None:
    assert peak_bytes([FIRST, SECOND, THIRD], SIZES, {"c"}) == 30 + 20
    assert peak_bytes([FIRST, SECOND, Step(("b", "a"), ("c",))], SIZES, {"c"}) == 10 + 30 + 20


def test_what_is_kept_lives_to_the_end() -> None:
    assert peak_bytes([FIRST, SECOND, THIRD], SIZES, {"a", "c"}) == 10 + 30 + 20


def test_a_workspace_lives_during_its_step() -> None:
    assert peak_bytes([Step(("x",), ("a",), workspace=100), SECOND, THIRD], SIZES, {"c"}) == 110


def test_an_output_takes_the_memory_of_an_input_that_nobody_reads_later() -> None:
    sizes = {"a": 10, "b": 10, "c": 10}
    over = Step(("a",), ("b",), overwritten=("a",))
    assert peak_bytes([FIRST, over], sizes, ()) == 10
    assert peak_bytes([FIRST, over, Step(("a",), ("c",))], sizes, ()) == 20
    assert peak_bytes([FIRST, over], {"a": 10, "b": 20}, ()) == 30


def test_another_name_for_a_value_is_no_other_memory() -> None:
    renamed = Step(("a",), ("b",), renames=True)
    assert peak_bytes([FIRST, renamed, Step(("b",), ("c",))], {"a": 10, "b": 10, "c": 5}, {"c"}) == 15


def test_an_arena_uses_again_what_is_free_and_joins_neighbours() -> None:
    arena = Arena()
    chunks = [arena.allocate(MIB // 2) for _ in range(4)]
    assert arena.taken == 2 * MIB
    for chunk in chunks:
        arena.free(chunk)
    arena.allocate(2 * MIB)
    assert arena.taken == 2 * MIB


def test_an_arena_cannot_move_what_lives() -> None:
    arena = Arena()
    chunks = [arena.allocate(MIB // 2) for _ in range(4)]
    arena.free(chunks[0])
    arena.free(chunks[2])
    arena.allocate(MIB)  # as much as is free, in two places
    assert arena.taken == 3 * MIB
