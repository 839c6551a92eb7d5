"""A Refusal as a google.rpc.Status, which every transport carries in its own way."""

from __future__ import annotations

from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from server.errors import Refusal
from server.logs.escaping import printable

DOMAIN = "pleinair"
LONGEST = 2000  # a sentence travels in headers, of which clients take 8 KiB


def status_of(refusal: Refusal) -> status_pb2.Status:
    """The status with the refusal's code and sentence, printable and cut off after LONGEST characters; its details are
    the reason, the field and when to try again."""
    sentence = printable(refusal.sentence, LONGEST)
    details: list[Message] = [error_details_pb2.ErrorInfo(reason=refusal.reason.value, domain=DOMAIN)]
    if refusal.field is not None:
        violation = error_details_pb2.BadRequest.FieldViolation(field=refusal.field, description=sentence)
        details.append(error_details_pb2.BadRequest(field_violations=[violation]))
    if refusal.retry_seconds is not None:
        delay = duration_pb2.Duration()
        delay.FromMilliseconds(round(refusal.retry_seconds * 1000))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    code = code_pb2.Code.Value(refusal.reason.code)
    return status_pb2.Status(code=code, message=sentence, details=[_packed(detail) for detail in details])


def _packed(detail: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(detail)
    return packed
