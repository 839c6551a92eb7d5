"""What pictures on their way take of the one account of memory, beside what is computed."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from server.engine.account import Held, MemoryAccount, NeverFree
from server.errors import Reason, Refusal
from server.pictures.files import declared_size
from server.translation.terms import TranslationRequest

# Of a message that is on its way beside the pixels that have arrived.
_MESSAGE = 1 << 20

# Bytes of a file's pixel at the most: as Pillow decodes it, as an array, and as the result.
_DECODED = 12
_DECODED_DEEP = 24

# Bytes of a raw pixel beside itself, while it is written into a file: between 0 and 1, its alpha, as 8 bits, encoded.
_TO_A_FILE = 28


class PictureMemory:
    """Holds memory of ``account`` for a picture before it is there, as long as it is. Refuses what will never be
    free."""

    def __init__(self, account: MemoryAccount, *, max_pixels: int) -> None:
        self._account = account
        self._max_pixels = max_pixels

    def upload(self, request: TranslationRequest, client: str) -> AbstractAsyncContextManager[Held]:
        """For the pixels that a request declares."""
        count = request.byte_count + min(request.byte_count, _MESSAGE)
        return self._hold(count, f"A picture of {request.width} x {request.height} pixels", client)

    def file(self, data: bytes, client: str) -> AbstractAsyncContextManager[Held]:
        """For an encoded picture, and what its header declares; what is no picture, or too large a one, is left to who
        decodes it."""
        width, height, is_deep = declared_size(data)
        pixels = width * height if width * height <= self._max_pixels else 0
        count = 2 * len(data) + pixels * (_DECODED_DEEP if is_deep else _DECODED)
        return self._hold(count, f"A file of {width} x {height} pixels", client)

    def layer(self, width: int, height: int, byte_count: int, client: str) -> AbstractAsyncContextManager[Held]:
        """For raw pixels that become a file."""
        count = 2 * byte_count + width * height * _TO_A_FILE
        return self._hold(count, f"A layer of {width} x {height} pixels", client)

    def tensors(self, count: int, client: str) -> AbstractAsyncContextManager[Held]:
        """For pictures that came as tensors, which take ``count`` bytes with all that is made of them."""
        return self._hold(count, "A call with such tensors", client)

    @asynccontextmanager
    async def _hold(self, count: int, what: str, client: str) -> AsyncIterator[Held]:
        try:
            async with self._account.hold(count, client) as held:
                yield held
        except NeverFree as error:
            raise Refusal(
                Reason.OUT_OF_MEMORY,
                f"{what} takes {_mebibytes(count, math.ceil)} before it is computed, and the server may use"
                f" {_mebibytes(self._account.total, math.floor)} for all it does; make it smaller, or start the server"
                f" with --memory {math.ceil(error.memory_bytes / (1 << 20))}MiB or more.",
            ) from None


def _mebibytes(count: int, rounded: Callable[[float], int]) -> str:
    return f"{rounded(count / (1 << 20))} MiB"
