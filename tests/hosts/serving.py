"""The server beside the editors. They share the loopback address, so they reach it from inside their folder too."""

from __future__ import annotations

from tests.processes import ServerProcess as HostServer
from tests.processes import serving

__all__ = ["HostServer", "serving"]
