"""A picture that is open in Krita, as the use cases see it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from krita import Document, Node

from ..core.host import LAYER, LayerId, NewLayer
from ..core.origins import Origin, origin_from
from ..core.pixels import WireFormat
from ..core.problems import Problem
from ..core.steps import WAIT, Steps
from ..core.texts import _
from . import host, transfer
from .pixels import SRGB, Space, format_of, space_in
from .qt import QByteArray
from .sources import KritaSource, find_source

# Each result has an annotation. Krita saves annotations with the picture, in which layers keep their identifiers.
_KEY = "pleinair-translation:"
_NOTED = ("filter", "title", "sha256", "source", "choice")
_ACTIVATION_SECONDS = 0.5


@dataclass
class KritaDocument:
    """Krita's ``core.host.Document``: ``find`` takes a layer's identifier as text, ``capture`` takes a node."""

    document: Document
    groups_undo: ClassVar[bool] = False  # Krita makes each new layer an undo step of its own
    eight_bit: ClassVar[WireFormat] = format_of(Space("RGBA", "U8", SRGB))
    _active: Node | None = field(default=None, init=False, compare=False)

    @property
    def name(self) -> str:
        return host.name_of(self.document)

    @property
    def file_title(self) -> str:
        return Path(self.name).stem if self.document.fileName() else ""

    @property
    def is_open(self) -> bool:
        return host.is_open(self.document)

    def check_open(self) -> None:
        if not self.is_open:
            raise Problem(_("The picture was closed, so the translation was cancelled."))

    def idle(self) -> Steps[None]:
        """Waits until Krita has finished its work on the picture; unlike waitForDone, does not block the interface."""
        while self.is_open and not self.document.tryBarrierLock():
            yield WAIT
        if self.is_open:
            self.document.unlock()

    def find(self, layer: str) -> Node | None:
        return host.node_by_identifier(self.document, layer) if self.is_open else None

    @contextmanager
    def capture(self, layer: Node | None, choice: str = LAYER, *, with_selection: bool = True) -> Iterator[KritaSource]:
        yield find_source(self.document, layer, choice, with_selection=with_selection)

    def insert(self, new: NewLayer) -> Steps[LayerId]:
        node = self.document.activeNode()
        above = node.uniqueId() if node is not None and not node.type().endswith("mask") else None
        return transfer.write(self.document, space_in(new.pixels.format.own), new, above)

    @contextmanager
    def undo_step(self) -> Iterator[None]:
        self._active = self.document.activeNode()
        yield

    def settle(self, made: LayerId) -> Steps[None]:
        """Activates the artist's layer again, once Krita has made the added one active, which takes it a moment."""
        end = time.monotonic() + _ACTIVATION_SECONDS
        while time.monotonic() < end:
            yield WAIT
            if not self.is_open:
                return
            now = self.document.activeNode()
            if now is not None and now.uniqueId() == made:
                break
        if self._active is not None and self.is_open:
            self.document.setActiveNode(self._active)

    def note_origin(self, made: LayerId, origin: Origin) -> None:
        data = QByteArray(origin.written(_NOTED).encode())
        self.document.setAnnotation(_KEY + made.toString(), "How Pleinair made this layer", data)

    def origin_of(self, layer: Node) -> Origin | None:
        key = _KEY + layer.uniqueId().toString()
        if key not in self.document.annotationTypes():
            return None
        try:
            return origin_from(bytes(self.document.annotation(key)), _NOTED)
        except ValueError:
            return None

    def format_of(self, own: Mapping[str, str]) -> WireFormat:
        return format_of(space_in(own))
