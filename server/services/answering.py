"""How a call ends badly: refusals as canonical codes with google.rpc details, deadlines, and our own faults."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from server.errors import Reason, Refusal

DOMAIN = "pleinair"

log = logging.getLogger(__name__)
Context = grpc.aio.ServicerContext[Any, Any]


@asynccontextmanager
async def answering(context: Context, *, seconds: float | None) -> AsyncIterator[None]:
    """Around a whole call: what goes wrong inside ends the call with one status and one sentence.

    ``seconds`` is the server's own deadline; the caller's reaches us as a cancellation. Texts of unforeseen exceptions
    go to the log, never to the caller.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except Refusal as error:
        refusal = error
    except TimeoutError:
        refusal = Refusal(
            Reason.DEADLINE_EXCEEDED,
            f"The request took longer than the {seconds:g} seconds that this server allows; try a smaller picture.",
        )
    except grpc.aio.AbortError:
        raise
    except Exception:
        log.exception("A call failed in a way that was not foreseen")
        refusal = Refusal(Reason.INTERNAL, "The server has a fault; its log says more.")
    else:
        return
    await _abort(context, refusal)


async def _abort(context: Context, refusal: Refusal) -> None:
    code = grpc.StatusCode[refusal.reason.code]
    status = status_pb2.Status(code=code.value[0], message=refusal.sentence)
    for detail in _details(refusal):
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    await context.abort(code, refusal.sentence, (("grpc-status-details-bin", status.SerializeToString()),))


def _details(refusal: Refusal) -> list[Message]:
    details: list[Message] = [error_details_pb2.ErrorInfo(reason=refusal.reason.value, domain=DOMAIN)]
    if refusal.field:
        violation = error_details_pb2.BadRequest.FieldViolation(field=refusal.field, description=refusal.sentence)
        details.append(error_details_pb2.BadRequest(field_violations=[violation]))
    if refusal.retry_seconds:
        delay = duration_pb2.Duration()
        delay.FromNanoseconds(int(refusal.retry_seconds * 1e9))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    return details
