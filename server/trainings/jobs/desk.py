"""Where the pictures of trainings are decoded: one at a time of all callers, within the one account of memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from server.translation.memory import PictureMemory


class PictureDesk:
    """For one event loop. Raises Refusal for pictures that would never have enough memory."""

    def __init__(self, memory: PictureMemory) -> None:
        self._memory = memory
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def file(self, read: Callable[[], bytes], client: str) -> AsyncIterator[bytes]:
        """The file that ``read`` reads in a thread, and room to decode it in the block."""
        async with self._turn:
            data = await asyncio.to_thread(read)
            async with self._memory.file(data, client):
                yield data

    @asynccontextmanager
    async def layer(self, width: int, height: int, byte_count: int, client: str) -> AsyncIterator[None]:
        """Room to make a file of so many raw pixels in the block."""
        async with self._turn, self._memory.layer(width, height, byte_count, client):
            yield
