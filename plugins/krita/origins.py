"""Which filter made a layer, and from what: kept with the picture, so that it survives saving as .kra."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from .qt import QByteArray

# One annotation for each result: Krita saves them in the picture, and a layer keeps its identifier there.
_KEY = "pleinair-translation:"


@dataclass(frozen=True)
class Origin:
    """``source`` is the source layer's identifier, empty for the whole picture; ``choice`` as in the settings."""

    filter: str
    title: str
    sha256: str
    source: str
    choice: str


def keep(document: Any, made: Any, origin: Origin) -> None:
    """``made`` is the identifier of the new layer."""
    data = QByteArray(json.dumps(asdict(origin)).encode())
    document.setAnnotation(_KEY + made.toString(), "How Pleinair made this layer", data)


def origin_of(document: Any, node: Any) -> Origin | None:
    """None for a layer that no filter made, or that was made by a version that wrote something else."""
    key = _KEY + node.uniqueId().toString()
    if key not in document.annotationTypes():
        return None
    try:
        told = json.loads(bytes(document.annotation(key)))
        return Origin(**{field.name: str(told[field.name]) for field in fields(Origin)})
    except (ValueError, KeyError, TypeError):
        return None
