"""Who calls, as far as fairness between callers needs to know."""

from __future__ import annotations

from typing import Any

import grpc


def caller_of(context: grpc.aio.ServicerContext[Any, Any]) -> str:
    """The caller's host without the port, so that several connections of one machine are one caller."""
    peer = context.peer()
    kind, _, _ = peer.partition(":")
    return peer.rpartition(":")[0] if kind in ("ipv4", "ipv6") else peer
