"""What the READMEs say of options is what the code says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pleinair.common.readme_tables import with_tables

from server.options.table import option_table
from training.option_tables import option_tables

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    ("readme", "tables"), [("training/README.md", option_tables), ("server/README.md", option_table)]
)
def test_the_tables_of_options_are_up_to_date(readme: str, tables: Callable[[], str]) -> None:
    """If not, run `make options`."""
    text = (ROOT / readme).read_text(encoding="utf-8")
    assert with_tables(text, tables()) == text


def test_the_servers_table_has_names_meanings_and_defaults() -> None:
    rows = option_table().splitlines()
    assert rows[0] == "| option | meaning | default |"
    assert "| `--queue` | how many translations may wait or run at once | `16` |" in rows
    assert any(row.startswith("| `--memory` |") and "(default: 70 % of" in row and row.endswith("|  |") for row in rows)


def test_only_what_is_between_the_markers_is_replaced_and_bars_are_escaped() -> None:
    before = "Before.\n<!-- options -->\nold\n<!-- /options -->\nAfter.\n"
    once = with_tables(before, "| new |\n")
    assert once == "Before.\n<!-- options -->\n| new |\n<!-- /options -->\nAfter.\n"
    assert with_tables(once, "| new |\n") == once
    with pytest.raises(ValueError, match="must have one"):
        with_tables(before + before, "")


def test_the_root_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150
