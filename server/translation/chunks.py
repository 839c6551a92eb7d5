"""How a picture's bytes are divided into messages."""

from __future__ import annotations

SMALLEST, LARGEST = 1 << 18, 1 << 20
_AT_LEAST = 8


def chunk_bytes(total: int) -> int:
    """The size of each message but the last for ``total`` bytes: small enough that one side reads while the other still
    writes, and large enough that messages cost little."""
    return min(max(total // _AT_LEAST, SMALLEST), LARGEST)
