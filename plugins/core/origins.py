"""Which filter made a layer, and from what. Editors keep this with the picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """How a layer was made. ``sha256`` is that of the filter's file, ``source`` the editor's identifier of the source,
    ``choice`` what of it was read, ``execution_provider`` what computed. Fields that an editor does not keep are
    empty."""

    filter: str
    title: str = ""
    sha256: str = ""
    source: str = ""
    choice: str = ""
    execution_provider: str = ""

    def written(self, names: Sequence[str]) -> str:
        """Returns JSON with the fields of these names, in this order."""
        return json.dumps({name: getattr(self, name) for name in names})


def origin_from(text: str | bytes, names: Sequence[str]) -> Origin:
    """Returns the origin that ``Origin.written`` wrote with these names. Raises ValueError for any other text."""
    told = json.loads(text)
    if not isinstance(told, dict) or any(name not in told for name in names):
        raise ValueError("This is not how a layer was made.")
    return Origin(**{name: str(told[name]) for name in names})
