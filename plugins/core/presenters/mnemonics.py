"""Converts the texts of controls, whose keys are marked with an underscore for GTK, for other toolkits."""

from __future__ import annotations


def ampersands(text: str) -> str:
    """Returns the text with its key marked as Qt expects it."""
    return text.replace("&", "&&").replace("_", "&")


def unmarked(text: str) -> str:
    """Returns the text without the mark of its key."""
    return text.replace("_", "")
