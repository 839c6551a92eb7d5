"""The longest texts and the largest thumbnails that the server accepts from clients and filters."""

from __future__ import annotations

LONGEST_TITLE = 100  # characters of a training's title
LONGEST_TEXT = 2000  # characters of any text in a filter
LARGEST_THUMBNAIL = 128 << 10  # bytes of a filter's thumbnail
