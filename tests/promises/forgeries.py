"""A folder of filters, and messages, made by somebody who wants to write lines of the log."""

from __future__ import annotations

from pathlib import Path

from google.protobuf.descriptor import MethodDescriptor

from tests import factories

FORGED = "\n2026-12-01 00:00:00,000 INFO server: forged\x1b[2J\u202e"
MALFORMED = (b"\xff\xff\xff", b"\x0a\xff\x01x", b"\x0b", b"\x08")


def fill(folder: Path) -> None:
    """Filters that work, one that fails on all but small pictures, in an operation that is named to forge, and files
    that are none."""
    factories.put(folder, factories.identity())
    failing = factories.failing()
    for number, node in enumerate(failing.graph.node):
        node.name = f"node{number}{FORGED}"
    factories.put(folder, failing)
    factories.put_bytes(folder / f"bad{FORGED}.onnx", b"nonsense")
    factories.put(folder, factories.foreign(), name=f"foreign{FORGED}")
    (folder / f"foreign{FORGED}.toml").write_text(f'"key{FORGED.encode("unicode_escape").decode()}" = 1')


def path_of(method: MethodDescriptor) -> str:
    """As HTTP/2 names it."""
    return f"/{method.containing_service.full_name}/{method.name}"
