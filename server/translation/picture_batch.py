"""Several pictures of one size that come and go together."""

from __future__ import annotations

import asyncio
from typing import Any

from numpy.typing import NDArray

from server.engine.account import Held
from server.errors import Reason, Refusal
from server.translation.handler import TranslationHandler
from server.translation.terms import Summary

LARGEST_BATCH = 256  # each picture is a task and a place in the device's queue, however small it is


async def translate_batch(
    handler: TranslationHandler,
    filter_id: str,
    pictures: NDArray[Any],
    held: Held,
    *,
    client: str = "",
    seconds: float | None = None,
) -> list[tuple[NDArray[Any], Summary]]:
    """Translates N pictures, N x H x W x 3, as ``translate_array`` takes them, all at once in the device's queue. The
    limit of pixels and the memory that is ``held`` are for them together. When one is refused or the caller is
    cancelled, the others stop before this ends. Raises Refusal."""
    count, height, width, _ = pictures.shape
    if count > LARGEST_BATCH:
        raise Refusal(
            Reason.PICTURE_TOO_LARGE,
            f"The batch has {count} pictures, and {LARGEST_BATCH} are the most that one call may bring; send them in"
            " several calls.",
        )
    if count > 1:
        handler.check_pixels(f"The batch has {count} x {width} x {height}", count * width * height)
    handler.check_seconds(filter_id, width * height, client, seconds)
    tasks = [
        asyncio.create_task(handler.translate_array(filter_id, picture, held, client=client)) for picture in pictures
    ]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
