"""What an artist can do something about."""

from __future__ import annotations


class Problem(Exception):
    """One sentence that says what is wrong, and one that says what to do."""

    def __init__(self, sentence: str, remedy: str = "") -> None:
        super().__init__(f"{sentence} {remedy}".strip())
        self.sentence = sentence
        self.remedy = remedy


class NothingSelected(Problem):
    """The selection leaves nothing of a layer."""
