"""How a picture's bytes are divided among messages."""

from __future__ import annotations

SMALLEST, LARGEST = 1 << 18, 1 << 20
_AT_LEAST = 8


def chunk_bytes(total: int) -> int:
    """Of so many bytes each message carries so many, the last one perhaps fewer: several, so that one side reads while
    the other still writes, and none so small that it costs more than what it carries."""
    return min(max(total // _AT_LEAST, SMALLEST), LARGEST)
