"""Writes the tables of options in READMEs, between two markers, from the code, so that they cannot become stale."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

BEGIN, END = "<!-- options -->", "<!-- /options -->"


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Returns a Markdown table with one line for each row of texts; a bar within a text is escaped."""
    lines = [head, ["---"] * len(head), *([text.replace("|", "\\|") for text in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def with_tables(text: str, tables: str) -> str:
    """Returns the README ``text`` with ``tables`` in place of what is between its markers. Raises ValueError, with a
    sentence, unless each marker is there once."""
    parts = re.split(f"({re.escape(BEGIN)}\n|{re.escape(END)})", text)
    if parts[1::2] != [f"{BEGIN}\n", END]:
        raise ValueError(f"The README must have one {BEGIN} and after it one {END}; put them where the tables belong.")
    before, begin, _, end, after = parts
    return "".join([before, begin, tables, end, after])
