"""Lists in pages that every client takes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from google.protobuf.message import Message

PAGE_SIZE = 50  # where the caller says nothing
LARGEST_PAGE = 200

Part = TypeVar("Part", bound=Message)


def fitting(parts: Iterable[Part], most: int, size: int) -> list[Part]:
    """The first one, and those after it that are at most ``most`` and ``size`` bytes with it."""
    page: list[Part] = []
    for part in parts:
        size -= part.ByteSize()
        if page and (len(page) == most or size < 0):
            break
        page.append(part)
    return page
