"""A real training of a network of almost nothing, so that a step takes milliseconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc

from tests.contract.connection import Connection
from tests.processes import ServerProcess, serving

SECONDS = 120.0  # for what takes a few on a machine of its own
TINY: dict[str, Any] = {
    "architecture": "resnet",  # whose checkpoints are small
    "width": 4,
    "blocks": 1,
    "crop-size": 32,
    "batch": 2,
    "discriminator-width": 4,
    "head-width": 8,
    "preview-seconds": 0.2,
    "checkpoint-seconds": 0.2,
}


@contextmanager
def training_server(folder: Path, *options: str, **how: Any) -> Iterator[tuple[ServerProcess, Connection]]:
    """A server in a process of its own that trains on the CPU, and a connection to it."""
    given = ("--poll", "0.1", "--provider", "cpu", "--training", "on", "--training-devices", "cpu", *options)
    with serving(folder, *given, **how) as server, grpc.insecure_channel(server.address) as channel:
        yield server, Connection(channel, folder)
