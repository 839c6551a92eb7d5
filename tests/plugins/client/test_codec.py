"""The plug-ins' codec against protobuf itself."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError
from google.protobuf.text_format import MessageToString
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins import schemas
from plugins.client import codec, messages
from plugins.client.codec import Message
from plugins.client.wire import WireError, write_tag, write_varint

HERE = Path(__file__).parent


def ours() -> dict[str, Any]:
    """The classes that the generator writes for the test's own proto."""
    code = schemas.generate([HERE / "everything.proto"], HERE).replace("from .codec", "from plugins.client.codec")
    names: dict[str, Any] = {}
    exec(code, names)
    return names


def theirs() -> Any:
    """Protobuf's own class."""
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{HERE}", "-o/dev/stdout", str(HERE / "everything.proto")]
    described = subprocess.run(command, check=True, capture_output=True).stdout
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(described).file:
        pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("everything.Everything"))


OURS = ours()
Everything, Inner = OURS["Everything"], OURS["Inner"]
Real = theirs()

SIGNED32, SIGNED64 = st.integers(-(1 << 31), (1 << 31) - 1), st.integers(-(1 << 63), (1 << 63) - 1)
UNSIGNED32, UNSIGNED64 = st.integers(0, (1 << 32) - 1), st.integers(0, (1 << 64) - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
FLOAT32, DOUBLE = st.floats(width=32, allow_nan=False), st.floats(allow_nan=False)
COLOUR = st.sampled_from([0, 1, -7, 12345])  # the last is unknown, and proto3's enumerations are open
INNER: st.SearchStrategy[Any] = st.deferred(
    lambda: st.builds(Inner, name=TEXT, deeper=st.none() | INNER, numbers=st.lists(SIGNED64, max_size=3))
)
FIELDS = {
    **dict.fromkeys(("int32", "sint32", "sfixed32", "far"), SIGNED32),
    **dict.fromkeys(("int64", "sint64", "sfixed64"), SIGNED64),
    **dict.fromkeys(("uint32", "fixed32"), UNSIGNED32),
    **dict.fromkeys(("uint64", "fixed64"), UNSIGNED64),
    "float": FLOAT32,
    "double": DOUBLE,
    "bool": st.booleans(),
    "string": TEXT,
    "bytes": st.binary(),
    "colour": COLOUR,
    "inner": st.none() | INNER,
    "optional_int32": st.none() | SIGNED32,
    "optional_string": st.none() | TEXT,
    "optional_colour": st.none() | COLOUR,
    "packed": st.lists(SIGNED32),
    "loose": st.lists(SIGNED64),
    "doubles": st.lists(DOUBLE),
    "bools": st.lists(st.booleans()),
    "strings": st.lists(TEXT),
    "inners": st.lists(INNER, max_size=3),
    "colours": st.lists(COLOUR),
    "numbers": st.dictionaries(TEXT, SIGNED32, max_size=5),
    "by_number": st.dictionaries(SIGNED32, INNER, max_size=3),
    "by_truth": st.dictionaries(st.booleans(), st.binary()),
}
CHOICES = {"chosen_int32": SIGNED32, "chosen_string": TEXT, "chosen_inner": INNER}


@st.composite
def everything(draw: st.DrawFn) -> Message:
    names = draw(st.sets(st.sampled_from(sorted(FIELDS))))
    values = {name: draw(FIELDS[name]) for name in sorted(names)}
    choice = draw(st.none() | st.sampled_from(sorted(CHOICES)))
    if choice:
        values[choice] = draw(CHOICES[choice])
    made: Message = Everything(**values)
    return made


@settings(deadline=None, max_examples=60)
@given(everything())
def test_what_we_encode_protobuf_reads_and_writes_back_to_us(message: Message) -> None:
    real = Real.FromString(codec.encode(message))
    assert codec.decode(Everything, real.SerializeToString(deterministic=True)) == message


@settings(deadline=None, max_examples=60)
@given(everything(), everything())
def test_two_encodings_in_a_row_merge_as_in_protobuf(first: Message, second: Message) -> None:
    both = codec.encode(first) + codec.encode(second)
    merged = Real.FromString(both).SerializeToString()
    assert codec.decode(Everything, both) == codec.decode(Everything, merged)


@settings(deadline=None, max_examples=60)
@given(everything(), st.data())
def test_a_message_that_is_cut_off_is_read_as_protobuf_reads_it(message: Message, data: st.DataObject) -> None:
    encoded = codec.encode(message)
    agree(encoded[: data.draw(st.integers(0, len(encoded)))])


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=100))
def test_any_bytes_are_read_as_protobuf_reads_them(raw: bytes) -> None:
    agree(raw)


@settings(deadline=None, max_examples=60)
@given(everything(), st.data())
def test_a_damaged_message_is_read_as_protobuf_reads_it(message: Message, data: st.DataObject) -> None:
    damaged = bytearray(codec.encode(message))
    if damaged:
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    agree(bytes(damaged))


def agree(raw: bytes) -> None:
    """Both refuse the bytes, or both read the same from them."""
    try:
        real = Real.FromString(raw)
    except DecodeError:
        with pytest.raises(WireError):
            codec.decode(Everything, raw)
        return
    ours = Real.FromString(codec.encode(codec.decode(Everything, raw)))
    real.DiscardUnknownFields()
    # As text: not-a-number is not equal to itself, and its spare bits mean nothing.
    assert MessageToString(ours) == MessageToString(real)


def test_any_not_a_number_is_read_as_one() -> None:
    """Also those that signal: processors make quiet ones of them."""
    agree(b"\x5d\x01\x00\x80\x7f")


@settings(deadline=None, max_examples=60)
@given(everything(), st.integers(1000, 18999), st.integers(0, 2), UNSIGNED64)
def test_fields_that_nobody_here_knows_are_passed_over(message: Message, number: int, kind: int, value: int) -> None:
    wire = (0, 1, 2)[kind]
    payload = (write_varint(value), struct.pack("<Q", value), write_varint(8) + struct.pack("<Q", value))[kind]
    unknown = write_tag(number, wire) + payload
    assert codec.decode(Everything, unknown + codec.encode(message)) == message


def test_a_group_is_passed_over_with_all_in_it() -> None:
    inner = write_tag(99, 3) + write_tag(1, 0) + b"\x05" + write_tag(99, 4)
    group = write_tag(1000, 3) + inner + write_tag(1000, 4)
    assert codec.decode(Everything, group + codec.encode(Everything(int32=7))) == Everything(int32=7)


def test_nesting_without_end_is_refused() -> None:
    deep = b""
    for _ in range(5000):
        deep = write_tag(2, 2) + write_varint(len(deep)) + deep
    with pytest.raises(WireError):
        codec.decode(Inner, deep)
    with pytest.raises(WireError):
        codec.decode(Everything, write_tag(1000, 3) * 5000)


@pytest.mark.parametrize(
    "values",
    [{"int32": 1 << 31}, {"uint32": -1}, {"uint64": 1 << 64}, {"fixed32": -1}, {"float": 1e300}, {"string": "\ud800"}],
)
def test_a_value_that_does_not_fit_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        codec.encode(Everything(**values))


def test_large_bytes_are_not_copied_when_they_are_encoded() -> None:
    pixels = memoryview(bytearray(1 << 20))
    parts = codec.encode_parts(messages.TranslateRequest(pixels=pixels))  # type: ignore[arg-type]
    assert parts[-1] is pixels
