"""Protobuf's wire format: tags, varints and the scalar kinds."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Callable, Union

Buffer = Union[bytes, bytearray, memoryview]

VARINT, FIXED64, LENGTH, GROUP, GROUP_END, FIXED32 = range(6)
MAX_DEPTH = 100  # levels of nested messages, as in protobuf's own parsers

_MASK32 = (1 << 32) - 1
_MASK64 = (1 << 64) - 1


class WireError(ValueError):
    """Bytes that are not a message, or a value that does not fit its field."""


class Reader:
    """Reads values from a buffer, front to back. Every method raises WireError if the buffer ends too early."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._position = 0

    @property
    def done(self) -> bool:
        return self._position == len(self._data)

    def varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            if self.done:
                raise WireError("The message is cut off in a number.")
            byte = self._data[self._position]
            self._position += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value & _MASK64  # further bits are dropped, as in protobuf's own parsers
        raise WireError("A number has more than ten bytes.")

    def tag(self) -> tuple[int, int]:
        """Reads a field's number and the wire type of its value."""
        tag = self.varint()
        if not 8 <= tag <= _MASK32:
            raise WireError("A field has an impossible number.")
        return tag >> 3, tag & 7

    def take(self, count: int) -> memoryview:
        if count > len(self._data) - self._position:
            raise WireError("The message is cut off.")
        self._position += count
        return self._data[self._position - count : self._position]

    def value(self, wire: int) -> int | memoryview:
        """Reads the value of a field: a number for VARINT, else its bytes."""
        if wire == VARINT:
            return self.varint()
        if wire == LENGTH:
            return self.take(self.varint())
        if wire in (FIXED32, FIXED64):
            return self.take(4 if wire == FIXED32 else 8)
        raise WireError("A field has an impossible wire type.")

    def skip(self, number: int, wire: int, depth: int) -> None:
        """Skips the value of an unknown field, including a whole group."""
        if wire != GROUP:
            self.value(wire)
            return
        if depth >= MAX_DEPTH:
            raise WireError("The message is nested too deeply.")
        while True:
            inner, kind = self.tag()
            if kind == GROUP_END:
                if inner != number:
                    raise WireError("A group ends that did not begin.")
                return
            self.skip(inner, kind, depth + 1)


def write_varint(value: int) -> bytes:
    """Returns a number of up to 64 bits as a varint; a negative one in two's complement."""
    value &= _MASK64
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def write_tag(number: int, wire: int) -> bytes:
    return write_varint(number << 3 | wire)


@dataclass(frozen=True)
class Kind:
    """How a scalar is encoded. ``read`` takes what Reader.value returns; ``read`` and ``write`` raise WireError."""

    wire: int
    default: Any
    write: Callable[[Any], Buffer]
    read: Callable[[Any], Any]


def _integer(bits: int, signed: bool, zigzag: bool = False) -> Kind:
    low, high = (-(1 << bits - 1), 1 << bits - 1) if signed else (0, 1 << bits)
    size = 1 << bits

    def write(value: int) -> bytes:
        if not low <= value < high:
            raise WireError(f"{value} does not fit into {bits} bits.")
        return write_varint((value << 1 ^ value >> bits - 1) & size - 1 if zigzag else value)

    def read(value: int) -> int:
        value &= size - 1
        if zigzag:
            return value >> 1 ^ -(value & 1)
        return value - size if value >= high else value

    return Kind(VARINT, 0, write, read)


def _fixed(code: str, default: Any) -> Kind:
    packing = struct.Struct("<" + code)

    def write(value: Any) -> bytes:
        try:
            return packing.pack(value)
        except (struct.error, OverflowError) as error:
            raise WireError(f"{value} does not fit: {error}.") from error

    return Kind(FIXED64 if packing.size == 8 else FIXED32, default, write, lambda raw: packing.unpack(raw)[0])


def _read_text(raw: memoryview) -> str:
    try:
        return str(raw, "utf-8")
    except UnicodeDecodeError as error:
        raise WireError("A text is not UTF-8.") from error


def _write_text(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise WireError("A text is not Unicode.") from error


KINDS = {
    "int32": _integer(32, signed=True),
    "int64": _integer(64, signed=True),
    "uint32": _integer(32, signed=False),
    "uint64": _integer(64, signed=False),
    "sint32": _integer(32, signed=True, zigzag=True),
    "sint64": _integer(64, signed=True, zigzag=True),
    "enum": _integer(32, signed=True),
    "bool": Kind(VARINT, False, lambda value: b"\1" if value else b"\0", bool),
    "fixed32": _fixed("I", 0),
    "fixed64": _fixed("Q", 0),
    "sfixed32": _fixed("i", 0),
    "sfixed64": _fixed("q", 0),
    "float": _fixed("f", 0.0),
    "double": _fixed("d", 0.0),
    "string": Kind(LENGTH, "", _write_text, _read_text),
    "bytes": Kind(LENGTH, b"", lambda value: value, bytes),
}
