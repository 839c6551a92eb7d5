"""Texts of controls, whose key is marked by an underscore as GTK wants it, for toolkits that want it otherwise."""

from __future__ import annotations


def ampersands(text: str) -> str:
    """The text with its key marked as Qt wants it."""
    return text.replace("&", "&&").replace("_", "&")


def unmarked(text: str) -> str:
    """The text without a key."""
    return text.replace("_", "")
