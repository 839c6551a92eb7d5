"""The map in CONTRIBUTING.md names modules that are there."""

from __future__ import annotations

import re

from tests.structure.sources import ROOT, read_sources

_NAMED = re.compile(r"`([\w/]+(?:\.py|/))`")


def test_every_module_and_folder_on_the_map_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(_NAMED.findall(text[text.index("## A map") : text.index("## Words")]))
    paths = [f"/{source.path.as_posix()}" for source in read_sources()]
    assert len(named) > 50
    missing = [name for name in named if not (ROOT / name).is_dir() and not any(f"/{name}" in path for path in paths)]
    assert missing == []
