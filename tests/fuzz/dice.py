"""Chance that can be repeated, and changes of bytes by it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

_EDGES = tuple(1 << bits for bits in (7, 8, 16, 31, 32, 63))
NUMBERS = (0, 1, 2, 3, 1 << 20, *_EDGES, *(edge - 1 for edge in _EDGES), (1 << 64) - 1)
TEXTS = (
    "",
    "identity",
    "a" * 300,
    "../../etc/hostname",
    "two\nlines",
    "\x1b[31mred\x1b[0m",
    "\u202ebackwards",
    "\u2028",
    "nul\0nul",
    "\ufeff",
    "Étretat",
    "%s%n{0}{}",
    "9" * 1000,
    "-1",
    "𝄞" * 50,
)


def dice_for(seed: str, kind: str, number: int) -> Random:
    """Those of one attempt, which can be thrown again without the attempts before it."""
    return Random(f"{seed}/{kind}/{number}")


def mutated(data: bytes, dice: Random) -> bytes:
    """The bytes after one to three changes; sometimes as they are."""
    changed = bytearray(data)
    for _ in range(dice.randint(0, 3)):
        dice.choice(_CHANGES)(changed, dice)
    return bytes(changed)


def shuffled(parts: Sequence[bytes], dice: Random) -> list[bytes]:
    """The parts with one left out, doubled, exchanged with another or mutated; sometimes as they are."""
    changed = list(parts)
    if not changed:
        return changed
    here, there = (dice.randrange(len(changed)) for _ in range(2))
    match dice.randrange(5):
        case 0:
            del changed[here]
        case 1:
            changed.insert(there, changed[here])
        case 2:
            changed[here], changed[there] = changed[there], changed[here]
        case 3:
            changed[here] = mutated(changed[here], dice)
    return changed


def _flip(data: bytearray, dice: Random) -> None:
    if data:
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def _replace(data: bytearray, dice: Random) -> None:
    if data:
        data[dice.randrange(len(data))] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)))


def _insert(data: bytearray, dice: Random) -> None:
    place = dice.randint(0, len(data))
    data[place:place] = dice.randbytes(dice.choice((1, 2, 4, 30)))


def _cut_out(data: bytearray, dice: Random) -> None:
    start = dice.randint(0, len(data))
    del data[start : start + dice.choice((1, 2, 4, 30))]


def _cut_off(data: bytearray, dice: Random) -> None:
    del data[dice.randint(0, len(data)) :]


def _repeat(data: bytearray, dice: Random) -> None:
    start = dice.randint(0, len(data))
    data[start:start] = data[start : start + 40] * dice.choice((1, 2, 20))


def _number(data: bytearray, dice: Random) -> None:
    size = dice.choice((2, 4, 8))
    if len(data) >= size:
        place = dice.randint(0, len(data) - size)
        value = dice.choice(NUMBERS) & ((1 << size * 8) - 1)
        data[place : place + size] = value.to_bytes(size, dice.choice(("little", "big")))


_CHANGES: Sequence[Callable[[bytearray, Random], None]] = (
    _flip,
    _replace,
    _insert,
    _cut_out,
    _cut_off,
    _repeat,
    _number,
)
