"""Errors that the artist can do something about."""

from __future__ import annotations


class Problem(Exception):
    """An error as one sentence that says what is wrong, and one that says what to do."""

    def __init__(self, sentence: str, remedy: str = "") -> None:
        super().__init__(f"{sentence} {remedy}".strip())
        self.sentence = sentence
        self.remedy = remedy


class NothingSelected(Problem):
    """The selection does not touch a layer."""
