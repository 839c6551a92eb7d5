"""Tables of options in READMEs, written from the code between two markers so that they cannot become stale."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

BEGIN, END = "<!-- options -->", "<!-- /options -->"


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table with one line for each row of texts; a bar within a text is escaped."""
    lines = [head, ["---"] * len(head), *([text.replace("|", "\\|") for text in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def with_tables(text: str, tables: str) -> str:
    """A README with ``tables`` between its markers in place of what is there. Raises ValueError, with a sentence, where
    the markers are missing or stand there twice."""
    parts = re.split(f"({re.escape(BEGIN)}\n|{re.escape(END)})", text)
    if parts[1::2] != [f"{BEGIN}\n", END]:
        raise ValueError(f"The README must have one {BEGIN} and after it one {END}; put them where the tables belong.")
    before, begin, _, end, after = parts
    return "".join([before, begin, tables, end, after])
