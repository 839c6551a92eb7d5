"""What must hold of every answer and of every line of the log, whatever came."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import cast

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2
from pleinair.v1 import translation_pb2 as pb

from server.errors import Reason

_DETAILS = "grpc-status-details-bin"
_REASONS = {name.removeprefix("REASON_") for name, _ in pb.Reason.items()} - {"UNSPECIFIED", "INTERNAL"}
_INSIDE = re.compile(
    r"Traceback|<class|object at 0x|\.py\b|site-packages|\b[a-z_]+(\.[a-z_]+)*\.[A-Z]\w*(Error|Exception)\b|"
    r"\b[A-Z]\w+(Error|Exception)\b"
)
_PLACES = tuple({str(Path(sys.prefix)), str(Path.cwd())})


class Broken(AssertionError):
    """Something that must hold does not; the text says what."""


def check_text(text: str, *places: Path) -> None:
    """Holds of what callers read: nothing of the program's inside, and neither its folders nor ``places``."""
    found = _INSIDE.search(text)
    if found:
        raise Broken(f"An answer tells of the program's inside ({found[0]!r}): {text[:500]!r}")
    for place in (*_PLACES, *map(str, places)):
        if place in text:
            raise Broken(f"An answer tells a path of the server's: {text[:500]!r}")


def check_status(call: grpc.Call, *places: Path) -> None:
    """Holds of the end of a call of one of our own services: done, or refused with a documented reason, that reason's
    status and a sentence."""
    code, sentence = call.code(), call.details() or ""
    if code is grpc.StatusCode.OK or _is_grpcs_own(code, sentence):
        return
    check_text(sentence, *places)
    reason = _reason(call)
    if reason not in _REASONS or Reason(reason).code != code.name:
        raise Broken(f"A call ended in {code.name} with the reason {reason!r}: {sentence[:500]!r}")
    if not sentence.endswith(".") or len(sentence) > 2000:
        raise Broken(f"A refusal is no sentence, or a very long one: {sentence[:500]!r}")


def check_failure(error: grpc.RpcError, *places: Path) -> None:
    """``check_status`` of a call that failed."""
    check_status(cast(grpc.Call, error), *places)


def check_request_id(call: grpc.Call) -> None:
    """Holds of the trailers of a call that the server ended: they name it, by a short word."""
    found = [value for key, value in call.trailing_metadata() or () if key == "x-request-id"]
    if _is_grpcs_own(call.code(), call.details() or ""):
        return
    if len(found) != 1 or not re.fullmatch(r"[\w.:+/=@-]{1,128}", str(found[0]), re.ASCII):
        raise Broken(f"The trailers name the call {found!r:.200}.")


def check_log_line(line: str) -> None:
    """Holds of every line of the log: it is one, of characters that can be shown, and no traceback's."""
    if any(not sign.isprintable() for sign in line):
        raise Broken(f"A line of the log has characters that act on a terminal: {line[:500]!r}")
    if "Traceback (most recent call last)" in line:
        raise Broken("The log has a traceback of something that a caller can cause.")
    if len(line) > 4000:
        raise Broken(f"A line of the log is very long: {line[:500]!r}...")


def _is_grpcs_own(code: grpc.StatusCode, sentence: str) -> bool:
    """Whether gRPC ended the call before our code could see it: for us, or for the size of what came."""
    return code is grpc.StatusCode.CANCELLED or "larger than max" in sentence or "metadata size exceeds" in sentence


def _reason(call: grpc.Call) -> str:
    for key, value in call.trailing_metadata() or ():
        if key == _DETAILS and isinstance(value, bytes):
            return _reason_in(value)
    return ""


def _reason_in(details: bytes) -> str:
    info = error_details_pb2.ErrorInfo()
    try:
        for detail in status_pb2.Status.FromString(details).details:
            if detail.Unpack(info) and info.domain == "pleinair":
                return str(info.reason)
    except DecodeError as error:
        raise Broken("The details of a status cannot be read.") from error
    return ""
