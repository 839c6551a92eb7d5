"""Requests for translations, and what is told about them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from server.engine.feed import Precision
from server.engine.pixels import PixelFormat


@dataclass(frozen=True)
class TranslationRequest:
    """What to do with the pixels that follow. Sizes are in pixels; ``preview_side`` is the greatest length of a
    preview's longer side, 0 for no preview."""

    filter_id: str
    width: int
    height: int
    pixel_format: PixelFormat
    preview_side: int = 0

    @property
    def byte_count(self) -> int:
        return self.width * self.height * self.pixel_format.bytes_per_pixel


class Stage(Enum):
    QUEUED = "queued"
    TRANSLATING = "translating"


@dataclass(frozen=True)
class Progress:
    """How far a request is: the number of requests ahead of it, then the share of its work that is done (0 to 1) and
    the seconds left; None while unknown."""

    stage: Stage
    queue_position: int = 0
    fraction: float | None = None
    seconds_left: float | None = None


@dataclass(frozen=True)
class Preview:
    """The reduced picture through the filter, as a PNG file."""

    png: bytes
    width: int
    height: int


@dataclass(frozen=True)
class Summary:
    """What ran, how long it waited for the device, how long the device worked, and the most memory it used."""

    filter_id: str
    filter_sha256: str
    execution_provider: str
    precision: Precision
    queue_seconds: float
    compute_seconds: float
    pieces: int
    peak_memory_bytes: int
    batch_size: int
