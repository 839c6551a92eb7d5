"""What a server holds at one moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Places:
    """How many places of one queue are taken, of how many."""

    taken: int
    all: int


@dataclass(frozen=True)
class ServerState:
    """Queues by name, bytes of memory, files of filters that are served and not, and trainings by state."""

    queues: Mapping[str, Places]
    memory_taken: int
    memory: int
    filters: int
    rejected_files: int
    trainings: Mapping[str, int]


ReadState = Callable[[], ServerState]
