"""How calls end, told to whoever counts them."""

from __future__ import annotations

from collections.abc import Callable
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


def tell_observer(call: LoggedCall, status: str, refusal: Refusal | None, seconds: float) -> None:
    """Tells the task's observer how a call ended, as NoteEnd has it."""
    reason = refusal.reason.value if refusal else ""
    _observer.get()(EndedCall(call.method, status, reason, seconds, call.filter, call.size))
