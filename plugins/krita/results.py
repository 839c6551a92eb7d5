"""The layers that were made last, whose strength and blending can be changed without translating again."""

from __future__ import annotations

from collections.abc import Sequence

from krita import Document, Node

from ..core.look import Look
from . import host
from .guard import connect
from .qt import QTimer, QUuid
from .transfer import blending_mode_of, opacity_of

_REFRESH_MILLISECONDS = 120


class Results:
    """Remembers layers by identifier and looks them up when needed: the artist may have undone or deleted them."""

    def __init__(self) -> None:
        self._document: Document | None = None
        self._made: list[QUuid] = []
        # In a large picture Krita takes up to 0.1 s to show a new opacity: too long for each step of a slider.
        self._refresh_later = QTimer()
        self._refresh_later.setSingleShot(True)
        self._refresh_later.setInterval(_REFRESH_MILLISECONDS)
        connect(self._refresh_later.timeout, self._refresh)

    def begin(self, document: Document) -> None:
        self._document = document
        self._made = []

    def follow(self, made: Sequence[QUuid]) -> None:
        self._made = list(made)

    def add(self, made: QUuid) -> None:
        self._made.append(made)

    @property
    def nodes(self) -> list[Node]:
        """The remembered layers that still exist."""
        if self._document is None or not host.is_open(self._document):
            return []
        found = [self._document.nodeByUniqueID(identifier) for identifier in self._made]
        return [node for node in found if node is not None]

    def restyle(self, look: Look) -> None:
        for node in self.nodes:
            if node.opacity() != opacity_of(look):
                node.setOpacity(opacity_of(look))
                self._refresh_later.start()
            if node.blendingMode() != blending_mode_of(look):
                node.setBlendingMode(blending_mode_of(look))

    def _refresh(self) -> None:
        # Only the picture in front: Krita crashes when one that it is about to close is refreshed.
        if self._document is not None and host.active_document() == self._document:
            host.refresh(self._document)
