"""How calls end, told to whoever counts them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from server.errors import Refusal
from server.logs.calls import LoggedCall


@dataclass(frozen=True)
class EndedCall:
    """``method`` is PACKAGE.SERVICE/METHOD, as the caller wrote it; ``status`` the name of gRPC's code, ``reason`` that
    of a refusal; ``filter`` and ``size`` (WIDTH x HEIGHT) are empty where the call was not about a picture."""

    method: str
    status: str
    reason: str
    seconds: float
    filter: str
    size: str


Observe = Callable[[EndedCall], None]


def nobody(call: EndedCall) -> None:
    """Observes nothing."""


_observer: ContextVar[Observe] = ContextVar("observer", default=nobody)


def observe_with(observe: Observe) -> None:
    """Has ``observe`` told of what the running task answers."""
    _observer.set(observe)


@contextmanager
def observed(call: LoggedCall) -> Iterator[None]:
    """Tells the task's observer how the block ended: well, with a Refusal, or given up by its caller."""
    start, status, reason = time.monotonic(), "OK", ""
    try:
        yield
    except Refusal as refusal:
        status, reason = refusal.reason.code, refusal.reason.value
        raise
    except asyncio.CancelledError:
        status = "CANCELLED"
        raise
    finally:
        _observer.get()(EndedCall(call.method, status, reason, time.monotonic() - start, call.filter, call.size))
