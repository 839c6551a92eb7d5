"""Writes the plug-ins' message classes from the protos: ``python -m plugins.schemas [OUTPUT]`` (default: in place)."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorSet,
)

ROOT = Path(__file__).resolve().parent.parent / "protos"
OUTPUT = Path(__file__).resolve().parent / "client" / "messages.py"

_HEADER = '''"""The messages of the wire. Written by `make protos` from the .proto files: change those instead."""

from __future__ import annotations

from .codec import Field, Message
'''
_KINDS = {
    FieldDescriptorProto.Type.Value(f"TYPE_{kind.upper()}"): kind
    for kind in (
        *("int32", "int64", "uint32", "uint64", "sint32", "sint64", "enum", "bool", "float", "double"),
        *("fixed32", "fixed64", "sfixed32", "sfixed64", "string", "bytes"),
    )
}
_PYTHON_TYPES = {"bool": "bool", "float": "float", "double": "float", "string": "str", "bytes": "bytes"}
_DEFAULTS = {"bool": "False", "float": "0.0", "double": "0.0", "string": '""', "bytes": 'b""'}


def generate(protos: list[Path], root: Path) -> str:
    """Returns Python code with a class for each message and enumeration of ``protos``, .proto files below ``root``."""
    with tempfile.TemporaryDirectory() as folder:
        described = Path(folder) / "set"
        command = ["-m", "grpc_tools.protoc", f"--proto_path={root}", f"--descriptor_set_out={described}"]
        subprocess.run([sys.executable, *command, *map(str, protos)], check=True)
        files = FileDescriptorSet.FromString(described.read_bytes()).file
    lines = [_HEADER]
    for file in files:
        for enum in file.enum_type:
            lines += ["", *_enum(enum), ""]
        for message in file.message_type:
            lines += ["", *_message(message, f".{file.package}."), ""]
    return "\n".join(lines)


def _enum(enum: EnumDescriptorProto) -> Iterator[str]:
    """Yields the lines of an enumeration, whose names lose the prefix that buf's STANDARD style gives them all."""
    prefix = enum.value[0].name.removesuffix("UNSPECIFIED")
    yield f"class {enum.name}:"
    for value in enum.value:
        yield f"    {value.name.removeprefix(prefix)} = {value.number}"


def _message(message: DescriptorProto, scope: str) -> Iterator[str]:
    entries = {f"{scope}{message.name}.{one.name}": one for one in message.nested_type if one.options.map_entry}
    fields = [(field, entries.get(field.type_name)) for field in message.field]
    yield f"class {message.name}(Message):"
    yield f"    __slots__ = ({''.join(f'{_quoted(field.name)}, ' for field, _ in fields).rstrip()})"
    yield ""
    for enum in message.enum_type:
        yield from (f"    {line}" for line in _enum(enum))
        yield ""
    for nested in message.nested_type:
        if not nested.options.map_entry:
            yield from (f"    {line}" if line else "" for line in _message(nested, f"{scope}{message.name}."))
            yield ""
    yield from _constructor(fields, scope)
    yield ""
    yield "    FIELDS = ("
    for field, entry in fields:
        oneof = _oneof(message, field)
        yield f"        {_field(field, entry, scope, oneof)},"
    yield "    )"


def _constructor(fields: list[tuple[FieldDescriptorProto, DescriptorProto | None]], scope: str) -> Iterator[str]:
    if not fields:
        yield "    def __init__(self) -> None:"
        yield "        pass"
        return
    yield "    def __init__("
    yield "        self,"
    yield "        *,"
    for field, entry in fields:
        kind, default = _python_type(field, entry, scope), _default(field)
        yield f"        {field.name}: {kind} = {default},"
    yield "    ) -> None:"
    for field, entry in fields:
        if field.label == FieldDescriptorProto.LABEL_REPEATED:
            empty = "{}" if entry else "[]"
            yield f"        self.{field.name} = {empty} if {field.name} is None else {field.name}"
        else:
            yield f"        self.{field.name} = {field.name}"


def _python_type(field: FieldDescriptorProto, entry: DescriptorProto | None, scope: str) -> str:
    if entry:
        key, value = (_single_type(half, scope) for half in entry.field)
        return f"dict[{key}, {value}] | None"
    single = _single_type(field, scope)
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        return f"list[{single}] | None"
    return single if _has_default(field) else f"{single} | None"


def _single_type(field: FieldDescriptorProto, scope: str) -> str:
    if field.type == FieldDescriptorProto.TYPE_MESSAGE:
        return _class_name(field, scope)
    return _PYTHON_TYPES.get(_KINDS[field.type], "int")


def _default(field: FieldDescriptorProto) -> str:
    return _DEFAULTS.get(_KINDS[field.type], "0") if _has_default(field) else "None"


def _has_default(field: FieldDescriptorProto) -> bool:
    """Returns whether an unset field has a value: not messages, lists, maps, optional fields and members of a oneof."""
    plain = not field.HasField("oneof_index") and field.label != FieldDescriptorProto.LABEL_REPEATED
    return plain and field.type != FieldDescriptorProto.TYPE_MESSAGE


def _field(field: FieldDescriptorProto, entry: DescriptorProto | None, scope: str, oneof: str) -> str:
    arguments = [str(field.number), _quoted(field.name)]
    if entry:
        halves = ", ".join(_field(half, None, scope, "") for half in entry.field)
        return f"Field({', '.join(arguments)}, repeated=True, map_entry=({halves}))"
    if field.type == FieldDescriptorProto.TYPE_MESSAGE:
        arguments.append(f"message=lambda: {_class_name(field, scope)}")
    else:
        arguments.append(f"kind={_quoted(_KINDS[field.type])}")
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        arguments.append("repeated=True")
    if field.HasField("oneof_index"):
        arguments.append("optional=True")
    if oneof:
        arguments.append(f"oneof={_quoted(oneof)}")
    return f"Field({', '.join(arguments)})"


def _oneof(message: DescriptorProto, field: FieldDescriptorProto) -> str:
    """Returns the name of the field's oneof; empty for none and for the one that proto3 makes for an optional field."""
    real = field.HasField("oneof_index") and not field.proto3_optional
    return message.oneof_decl[field.oneof_index].name if real else ""


def _class_name(field: FieldDescriptorProto, scope: str) -> str:
    """Returns the class's name without the package; that of a nested message begins with its outermost message."""
    package = scope.split(".")[1:-1]
    parts = field.type_name.split(".")[1:]
    while package and parts and package[0] == parts[0]:
        if parts[0][0].isupper():
            break
        package, parts = package[1:], parts[1:]
    return ".".join(part for part in parts if part[0].isupper())


def _quoted(text: str) -> str:
    return f'"{text}"'


if __name__ == "__main__":
    written = Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT
    written.write_text(generate(sorted(ROOT.glob("pleinair/v1/*.proto")), ROOT), "utf-8")
