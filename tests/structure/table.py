"""Which folder may import what, as the table in CONTRIBUTING.md says."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.structure.imports import imports_of
from tests.structure.sources import ROOT, Source, path_of

_HEADER = "| folder | what | may import |"
_EVERYTHING = "everything"


@dataclass(frozen=True)
class Row:
    """``folders`` and ``own`` are paths below the repository, ``others`` are packages that are not ours."""

    folders: tuple[Path, ...]
    own: tuple[Path, ...]
    others: frozenset[str]
    everything: bool = False

    def allows(self, name: str) -> bool:
        """Whether a module in these folders may import the module of this full name."""
        package = name.partition(".")[0]
        if self.everything or package in sys.stdlib_module_names or package in self.others:
            return True
        path = path_of(name)
        return any(path.is_relative_to(allowed) for allowed in (*self.folders, *self.own))


def read_table(text: str) -> list[Row]:
    """The rows of the table in CONTRIBUTING.md, whose ``text`` this is. Raises ValueError without such a table."""
    lines = iter(text.splitlines())
    if _HEADER not in lines:
        raise ValueError(f"there is no table with the header {_HEADER}")
    next(lines)
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        folders, _, allowed = line.strip("|").split("|")
        rows.append(_row(_quoted(folders), _quoted(allowed), _EVERYTHING in allowed))
    return rows


def trespasses(sources: Collection[Source]) -> Iterator[str]:
    """A sentence for each import that the table does not allow, and for each file that it has no row for."""
    rows = read_table((ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    imports = imports_of(sources)
    for source in sources:
        row = _row_of(source.path, rows)
        if row is None:
            yield f"{source.path} has no row"
            continue
        yield from (f"{source.path} imports {name}" for name in sorted(imports[source.module]) if not row.allows(name))


def _row(folders: Collection[str], allowed: Collection[str], everything: bool) -> Row:
    """``allowed`` names our folders and files with a slash and other packages without."""
    own = {name for name in allowed if "/" in name}
    paths = tuple(Path(name.removesuffix(".py")) for name in own)
    return Row(tuple(map(Path, folders)), paths, frozenset(allowed) - own, everything)


def _quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def _row_of(path: Path, rows: Collection[Row]) -> Row | None:
    """That of the innermost folder."""
    found = [(len(folder.parts), row) for row in rows for folder in row.folders if path.is_relative_to(folder)]
    return max(found, key=lambda pair: pair[0])[1] if found else None
