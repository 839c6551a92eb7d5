"""The table of the server's options in a README: ``python -m server.options.table README.md``; see `make options`."""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path

from pleinair.common.readme_tables import markdown_table, with_tables

from server.config import ServerConfig
from server.options.loading import flag, shown_default


def option_table() -> str:
    """Markdown: each option of ``python -m server``, what it means, and its default."""
    rows = (
        (
            f"`{flag(option)}`",
            option.metadata["help"].replace("%%", "%"),
            f"`{text}`" if (text := shown_default(option)) else "",
        )
        for option in fields(ServerConfig)
    )
    return markdown_table(("option", "meaning", "default"), rows)


if __name__ == "__main__":
    for readme in map(Path, sys.argv[1:]):
        readme.write_text(with_tables(readme.read_text(encoding="utf-8"), option_table()), encoding="utf-8")
