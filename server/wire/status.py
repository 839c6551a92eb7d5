"""A Refusal as a google.rpc.Status, which every transport carries in its own way."""

from __future__ import annotations

from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from server.errors import Refusal

DOMAIN = "pleinair"


def status_of(refusal: Refusal) -> status_pb2.Status:
    """The status with the refusal's code and sentence; its details are the reason, the field and when to try again."""
    details: list[Message] = [error_details_pb2.ErrorInfo(reason=refusal.reason.value, domain=DOMAIN)]
    if refusal.field is not None:
        violation = error_details_pb2.BadRequest.FieldViolation(field=refusal.field, description=refusal.sentence)
        details.append(error_details_pb2.BadRequest(field_violations=[violation]))
    if refusal.retry_seconds is not None:
        delay = duration_pb2.Duration()
        delay.FromMilliseconds(round(refusal.retry_seconds * 1000))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    code = code_pb2.Code.Value(refusal.reason.code)
    return status_pb2.Status(code=code, message=refusal.sentence, details=[_packed(detail) for detail in details])


def _packed(detail: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(detail)
    return packed
