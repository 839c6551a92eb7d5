"""Turns any failure on a thread into a sentence and a remedy."""

from __future__ import annotations

import logging

from ..client import ClientError
from ..client.errors import N_

_log = logging.getLogger("pleinair")


def foreseen(error: Exception) -> ClientError:
    """Returns a ClientError as it is; logs any other error and returns a ClientError that names it."""
    if isinstance(error, ClientError):
        return error
    _log.error("unforeseen", exc_info=error)
    return ClientError(
        N_("Something unexpected went wrong in the plug-in ({what})."),
        N_("Try again; if it happens again, report it with the editor's log."),
        code="INTERNAL",
        what=type(error).__name__,
    )
