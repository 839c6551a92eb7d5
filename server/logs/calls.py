"""Which call a line of the log is about, and one line for each call that ends."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from server.errors import Reason, Refusal

_HARMLESS_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=@-]{0,99}")

_TEXTS = {"OK": "A call was answered.", "CANCELLED": "A call was given up by its caller."}

_log = logging.getLogger("server.calls")


@dataclass
class LoggedCall:
    """A call while it runs: its ``method`` as PACKAGE.SERVICE/METHOD, and ``client``, who calls. What it is about
    (``filter`` and ``size``, WIDTH x HEIGHT) is told by whoever knows it, with ``describe_call``."""

    request_id: str
    method: str
    client: str
    filter: str = ""
    size: str = ""


NoteEnd = Callable[[LoggedCall, str, Refusal | None, float], None]
"""Is told of a call that has ended the name of its status, the refusal if it was one, and how many seconds it took."""

_current: ContextVar[LoggedCall | None] = ContextVar("current_call", default=None)


def request_id(offered: Sequence[str | bytes]) -> str:
    """The identifier that a caller offers if it is the only one, of at most 100 harmless characters; else a new one."""
    if len(offered) == 1 and isinstance(offered[0], str) and _HARMLESS_ID.fullmatch(offered[0]):
        return offered[0]
    return secrets.token_hex(8)


def current_call() -> LoggedCall | None:
    """The call that the running code answers, if it answers one."""
    return _current.get()


def describe_call(*, filter: str, size: str) -> None:
    """Says what the running call is about, for its lines in the log. Does nothing outside calls."""
    call = _current.get()
    if call:
        call.filter, call.size = filter, size


@contextmanager
def logged_call(call: LoggedCall, *told: NoteEnd) -> Iterator[None]:
    """Logs how the block ended, and tells it to ``told`` too: well, with a Refusal, or given up by its caller."""
    token, start = _current.set(call), time.monotonic()

    def end(status: str, refusal: Refusal | None = None) -> None:
        for note in (_log_end, *told):
            note(call, status, refusal, time.monotonic() - start)

    try:
        yield
    except Refusal as refusal:
        end(refusal.reason.code, refusal)
        raise
    except asyncio.CancelledError:
        end("CANCELLED")
        raise
    else:
        end("OK")
    finally:
        _current.reset(token)


def _log_end(call: LoggedCall, status: str, refusal: Refusal | None, seconds: float) -> None:
    """Work that was done is worth a line each; how calls fail is said once for each kind, and what is asked all the
    time not at all."""
    reason = refusal.reason.value if refusal else ""
    # A stranger may name any method; with the token there are only ours.
    method = "" if refusal and refusal.reason is Reason.UNAUTHENTICATED else call.method
    kind = "" if status == "OK" else f"{method} {status} {reason}"
    told = {"status": status, "reason": reason, "seconds": round(seconds, 4), "kind": kind}
    text = f"A call was refused: {refusal.sentence}" if refusal else _TEXTS[status]
    level = logging.DEBUG if status == "OK" and not call.filter else logging.INFO
    _log.log(level, "%s", text, extra=told)
