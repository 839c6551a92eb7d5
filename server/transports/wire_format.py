"""Protobuf's wire format, as far as to count a message's parts without reading them.

https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import FieldDescriptor

MOST_PARTS = 10_000
_DEEPEST = 32

_VARINT, _FIXED64, _LENGTH, _START_GROUP, _END_GROUP, _FIXED32 = range(6)


class BrokenMessage(Exception):
    """The bytes are no message."""


def count_parts(descriptor: Any, data: bytes) -> int:
    """How many fields the message of this Descriptor has, with those of its messages and each repetition counted;
    MOST_PARTS + 1 for more. Raises BrokenMessage for bytes that no message has and for messages that are nested too
    deeply; other faults in fields that hold no messages are left to protobuf."""
    ends: list[tuple[Any, int]] = [(descriptor, len(data))]
    left, position = MOST_PARTS, 0
    while ends:
        kind, end = ends[-1]
        if position >= end:
            if position > end:
                raise BrokenMessage
            ends.pop()
            continue
        if left == 0:
            return MOST_PARTS + 1
        left -= 1
        tag, position = _varint(data, position, end)
        wire_type = tag & 7
        if wire_type == _LENGTH:
            length, position = _varint(data, position, end)
            if position + length > end:
                raise BrokenMessage
            field = kind.fields_by_number.get(tag >> 3)
            if field is not None and field.type == FieldDescriptor.TYPE_MESSAGE:
                if len(ends) == _DEEPEST:
                    raise BrokenMessage
                ends.append((field.message_type, position + length))
            else:
                position += length
        elif wire_type == _VARINT:
            _, position = _varint(data, position, end)
        elif wire_type in (_FIXED32, _FIXED64):
            position += 4 if wire_type == _FIXED32 else 8
        elif wire_type not in (_START_GROUP, _END_GROUP):  # whose fields are counted as if they were here
            raise BrokenMessage
    return MOST_PARTS - left


def _varint(data: bytes, position: int, end: int) -> tuple[int, int]:
    """The number and where it ends."""
    value = shift = 0
    while position < end and shift < 70:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise BrokenMessage
