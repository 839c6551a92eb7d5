"""Encodes messages to bytes and decodes them: the common part of the generated classes in messages.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, ClassVar, TypeVar

from .wire import KINDS, LENGTH, MAX_DEPTH, Buffer, Kind, Reader, WireError, write_tag, write_varint


@dataclass(frozen=True)
class Field:
    """One field of a message.

    ``kind`` is a key of wire.KINDS, or empty for a message, whose class ``message`` returns. A map is a repeated
    message of two fields, kept as a dict. ``optional`` fields, members of a oneof and messages are None when unset.
    """

    number: int
    name: str
    kind: str = ""
    repeated: bool = False
    optional: bool = False
    oneof: str = ""
    message: Callable[[], type[Message]] | None = None
    map_entry: tuple[Field, Field] | None = None

    @property
    def scalar(self) -> Kind | None:
        return KINDS[self.kind] if self.kind else None


class Message:
    """Base of the generated classes. Messages are compared by value."""

    __slots__ = ()
    FIELDS: ClassVar[tuple[Field, ...]] = ()

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, field.name) == getattr(other, field.name) for field in self.FIELDS)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        told = ((field.name, getattr(self, field.name)) for field in self.FIELDS)
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in told if value)})"


AnyMessage = TypeVar("AnyMessage", bound=Message)


def encode(message: Message) -> bytes:
    """Returns the encoded message. Raises WireError for a value that does not fit its field."""
    return b"".join(encode_parts(message))


def encode_parts(message: Message, depth: int = 0) -> list[Buffer]:
    """Encodes like ``encode``, but returns pieces, so that large ``bytes`` fields are not copied."""
    if depth > MAX_DEPTH:
        raise WireError("The message is nested too deeply.")
    parts: list[Buffer] = []
    for field in message.FIELDS:
        _encode_field(parts, field, getattr(message, field.name), depth)
    return parts


def decode(kind: type[AnyMessage], data: Buffer) -> AnyMessage:
    """Returns the message in ``data``. Ignores fields that its class does not know. Raises WireError."""
    message = kind()
    _merge(message, Reader(memoryview(data)), 0)
    return message


class _Entry(Message):
    """One entry of a map as it is transmitted, always with both key and value."""

    __slots__ = ("FIELDS", "key", "value")

    def __init__(self, halves: tuple[Field, Field], key: Any, value: Any) -> None:
        self.FIELDS = halves  # type: ignore[misc]
        self.key = key
        self.value = value


def _blank(half: Field) -> Any:
    """Returns the value that a missing key or value of a map entry stands for."""
    return half.message()() if half.message is not None else KINDS[half.kind].default


def _encode_field(parts: list[Buffer], field: Field, value: Any, depth: int) -> None:
    if field.map_entry is not None:
        for entry in value.items():
            _append(parts, field.number, encode_parts(_Entry(field.map_entry, *entry), depth))
    elif field.repeated and field.scalar is not None and field.scalar.wire != LENGTH:
        if value:
            _append(parts, field.number, [field.scalar.write(item) for item in value])
    elif field.repeated:
        for item in value:
            _encode_value(parts, field, item, depth)
    elif value is not None and (field.optional or field.scalar is None or not _is_default(field.scalar, value)):
        _encode_value(parts, field, value, depth)


def _encode_value(parts: list[Buffer], field: Field, value: Any, depth: int) -> None:
    if field.scalar is None:
        _append(parts, field.number, encode_parts(value, depth + 1))
    elif field.scalar.wire == LENGTH:
        _append(parts, field.number, [field.scalar.write(value)])
    else:
        parts += [write_tag(field.number, field.scalar.wire), field.scalar.write(value)]


def _append(parts: list[Buffer], number: int, inner: list[Buffer]) -> None:
    parts.append(write_tag(number, LENGTH) + write_varint(sum(len(part) for part in inner)))
    parts += inner


def _is_default(kind: Kind, value: Any) -> bool:
    # Compares bytes: -0.0 == 0.0, but -0.0 is not the default.
    return value == kind.default and (kind.wire == LENGTH or kind.write(value) == kind.write(kind.default))


def _merge(message: Message, reader: Reader, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise WireError("The message is nested too deeply.")
    fields = {field.number: field for field in message.FIELDS}
    while not reader.done:
        number, wire = reader.tag()
        field = fields.get(number)
        if field is None or not _merge_field(message, field, reader, wire, depth):
            reader.skip(number, wire, depth)


def _merge_field(message: Message, field: Field, reader: Reader, wire: int, depth: int) -> bool:
    """Reads one value into the message. Returns False, having read nothing, if the wire type is not the field's."""
    kind = field.scalar
    if field.map_entry is not None and wire == LENGTH:
        entry = _Entry(field.map_entry, *(_blank(half) for half in field.map_entry))
        _merge(entry, Reader(_bytes(reader)), depth + 1)
        getattr(message, field.name)[entry.key] = entry.value
    elif kind is None and wire == LENGTH:
        _merge_message(message, field, _bytes(reader), depth)
    elif kind is not None and wire == kind.wire:
        _set(message, field, kind.read(reader.value(wire)))
    elif kind is not None and field.repeated and wire == LENGTH:
        getattr(message, field.name).extend(_unpacked(kind, _bytes(reader)))
    else:
        return False
    return True


def _bytes(reader: Reader) -> memoryview:
    return reader.take(reader.varint())


def _unpacked(kind: Kind, raw: memoryview) -> list[Any]:
    reader = Reader(raw)
    values = []
    while not reader.done:
        values.append(kind.read(reader.value(kind.wire)))
    return values


def _merge_message(message: Message, field: Field, raw: memoryview, depth: int) -> None:
    """Reads a nested message; one that occurs twice is merged into one, unless the field is repeated."""
    assert field.message is not None
    before = None if field.repeated else getattr(message, field.name)
    inner = field.message()() if before is None else before
    _merge(inner, Reader(raw), depth + 1)
    _set(message, field, inner)


def _set(message: Message, field: Field, value: Any) -> None:
    if field.repeated:
        getattr(message, field.name).append(value)
        return
    if field.oneof:
        for other in message.FIELDS:
            if other.oneof == field.oneof:
                setattr(message, other.name, None)
    setattr(message, field.name, value)
