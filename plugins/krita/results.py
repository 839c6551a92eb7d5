"""The layers that were just made: their strength and blending can be changed without translating again."""

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
    """Layers are remembered by identifier and looked up when needed: an artist may have undone or deleted them."""

    def __init__(self) -> None:
        self._document: Document | None = None
        self._made: list[QUuid] = []
        # Showing a new opacity takes Krita up to a tenth of a second in a large picture: not at every step of a slider.
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
        """Those that still exist."""
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
        # Only what is seen: Krita may be about to close the other pictures, and does not survive it then.
        if self._document is not None and host.active_document() == self._document:
            host.refresh(self._document)
