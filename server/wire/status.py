"""Refusals as gRPC statuses with google.rpc details."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from server.errors import Reason, Refusal

DOMAIN = "pleinair"

_log = logging.getLogger(__name__)


@asynccontextmanager
async def refusals_as_status(context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[None]:
    """Ends the call with the status of a Refusal that comes out of the block, and with INTERNAL for a fault."""
    try:
        yield
    except Refusal as refusal:
        await abort(context, refusal)
    except Exception:
        _log.exception("A call failed.")
        await abort(context, Refusal(Reason.INTERNAL, "The server failed at this; its log says why. Please report it."))


async def abort(context: grpc.aio.ServicerContext[Any, Any], refusal: Refusal) -> None:
    """Ends the call with the refusal's status."""
    status = rpc_status.to_status(_rich_status(refusal))
    await context.abort(status.code, status.details or "", tuple(status.trailing_metadata or ()))


def _rich_status(refusal: Refusal) -> status_pb2.Status:
    details: list[Message] = [error_details_pb2.ErrorInfo(reason=refusal.reason.value, domain=DOMAIN)]
    if refusal.field is not None:
        violation = error_details_pb2.BadRequest.FieldViolation(field=refusal.field, description=refusal.sentence)
        details.append(error_details_pb2.BadRequest(field_violations=[violation]))
    if refusal.retry_seconds is not None:
        delay = duration_pb2.Duration()
        delay.FromMilliseconds(round(refusal.retry_seconds * 1000))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    code: int = grpc.StatusCode[refusal.reason.code].value[0]
    return status_pb2.Status(code=code, message=refusal.sentence, details=[_packed(detail) for detail in details])


def _packed(detail: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(detail)
    return packed
