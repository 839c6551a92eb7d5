"""How much a filter file may ask for before anybody uses it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FilterLimits:
    """The ``seconds`` and the ``memory`` (bytes) that reading and trying a file may take, and the ``file_bytes`` that
    it may have with its weights."""

    seconds: float = 30.0
    memory: int = 2 << 30
    file_bytes: int = 512 << 20


USUAL_LIMITS = FilterLimits()
