"""gRPC as users have it: a server of grpc.aio on a port, and grpc's own client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc

from tests import factories
from tests.contract.connection import Connection


@contextmanager
def connect(filters: Path, **options: Any) -> Iterator[Connection]:
    """Starts a server on a folder, with options of ServerConfig, and connects to it."""
    with factories.running_server(filters, **options) as server, grpc.insecure_channel(server.address) as channel:
        yield Connection(channel, filters)
