"""Messages of any type as bytes, from their descriptors: right, odd and wrong ones."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message

from tests.fuzz.dice import NUMBERS, TEXTS, mutated
from tests.fuzz.wire import field, varint

DEEPEST = 6
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_ODD_NUMBERS = (16, 999, 19_000, (1 << 29) - 1)  # of fields: unknown, unknown, reserved, greatest

Known = Mapping[str, tuple[str | bytes, ...]]  # values that mean something, by a field's name


def message(kind: Descriptor, dice: Random, known: Known, depth: int = 0) -> bytes:
    """A message of this type with some of its fields; one in three is damaged."""
    whole = b"".join(_fields(kind, dice, known, depth))
    return mutated(whole, dice) if not depth and dice.random() < 0.3 else whole


def altered(right: Message, dice: Random, known: Known) -> bytes:
    """A message in which one field, at any depth, is gone, or has another value as well or in its place."""
    made = type(right)()
    made.CopyFrom(right)
    inner = _any_inside(made, dice)
    fields: Sequence[Any] = inner.DESCRIPTOR.fields
    one = dice.choice(fields)
    if dice.random() < 0.6:
        inner.ClearField(one.name)
    # What is not right at all is appended to the whole, where it means an odd field or damage.
    value = _field(one, dice, known, 1)
    try:
        inner.MergeFromString(value)
    except DecodeError:
        return made.SerializeToString() + value
    return made.SerializeToString()


def _any_inside(whole: Message, dice: Random) -> Message:
    """The message itself, or one that it has, at any depth."""
    found = [whole]
    for one, value in whole.ListFields():
        if one.message_type is not None and not one.message_type.GetOptions().map_entry:
            found += [_any_inside(inner, dice) for inner in (value if one.is_repeated else [value])]
    return dice.choice(found)


def _fields(kind: Descriptor, dice: Random, known: Known, depth: int) -> Iterator[bytes]:
    for one in kind.fields:
        for _ in range(_times(one, dice)):
            yield _field(one, dice, known, depth)
    if dice.random() < 0.05:
        yield _unknown(dice)


def _times(one: FieldDescriptor, dice: Random) -> int:
    if one.is_repeated:
        return dice.choice((0, 1, 1, 2, 3, 30))
    return dice.choice((0, 1, 1, 1, 1, 2) if not one.containing_oneof else (0, 0, 1, 1, 2))


def _field(one: FieldDescriptor, dice: Random, known: Known, depth: int) -> bytes:
    if dice.random() < 0.03:
        return field(one.number, dice.choice((_VARINT, _FIXED64, _BYTES, _FIXED32)), dice.randbytes(8))
    if one.message_type is not None:
        inner = message(one.message_type, dice, known, depth + 1) if depth < DEEPEST else b""
        return field(one.number, _BYTES, inner)
    wire_type, value = _scalar(one, dice, known)
    if one.is_repeated and wire_type != _BYTES and dice.random() < 0.7:
        return field(one.number, _BYTES, value * dice.choice((0, 1, 2, 4)))
    return field(one.number, wire_type, value)


def _scalar(one: FieldDescriptor, dice: Random, known: Known) -> tuple[int, bytes]:
    if one.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES):
        return _BYTES, _text(one, dice, known)
    return _KINDS.get(one.type, _varint)(dice)


def _text(one: FieldDescriptor, dice: Random, known: Known) -> bytes:
    values = known.get(one.name, ())
    chosen = dice.choice(values) if values and dice.random() < 0.7 else dice.choice((*TEXTS, dice.randbytes(20)))
    return chosen.encode() if isinstance(chosen, str) else chosen


def _varint(dice: Random) -> tuple[int, bytes]:
    return _VARINT, varint(dice.choice((1, 2, 3, 4, dice.randrange(8), dice.choice(NUMBERS))))


def _float(dice: Random) -> tuple[int, bytes]:
    return _FIXED32, struct.pack("<f", dice.choice((0.0, 0.5, -1.0, 1e30, float("nan"), float("inf"))))


def _double(dice: Random) -> tuple[int, bytes]:
    return _FIXED64, struct.pack("<d", dice.choice((0.0, 0.5, -1.0, 1e300, float("nan"), float("-inf"))))


_KINDS: Mapping[int, Callable[[Random], tuple[int, bytes]]] = {
    FieldDescriptor.TYPE_FLOAT: _float,
    FieldDescriptor.TYPE_DOUBLE: _double,
}


def _unknown(dice: Random) -> bytes:
    """A field that no message has: skipped, nested in groups that never end, or very many empty ones."""
    number = dice.choice(_ODD_NUMBERS)
    match dice.randrange(4):
        case 0:
            return field(number, _VARINT, varint(dice.choice(NUMBERS)))
        case 1:
            return varint(number << 3 | 3) * dice.choice((1, 90, 110, 5000))
        case 2:
            return varint(number << 3 | 2) + varint(dice.choice(NUMBERS))
        case _:
            return field(number, _BYTES, b"") * dice.choice((1, 100, 10_000))
