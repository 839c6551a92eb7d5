from __future__ import annotations

import pytest

from server.translation.chunks import LARGEST, SMALLEST, chunk_bytes


@pytest.mark.parametrize(
    ("total", "size"), [(1, SMALLEST), (2 << 20, SMALLEST), (4 << 20, 1 << 19), (8 << 20, LARGEST), (1 << 30, LARGEST)]
)
def test_chunks_grow_with_the_picture_up_to_a_limit(total: int, size: int) -> None:
    assert chunk_bytes(total) == size
