"""What the use cases ask of an editor: open documents, and sources that pixels are read from.

Each editor implements both in its module ``document``. All of it is used on the interface thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from .area import Area
from .look import Look
from .origins import Origin
from .pixels import Pixels, WireFormat
from .steps import Steps

# What is read of a source.
LAYER, WITH_MASKS, PICTURE = "layer", "layer-with-masks", "picture"

# The editor's own: what stands for a layer, and what a layer is found by.
Layer = Any
LayerId = Any


@dataclass(frozen=True)
class NewLayer:
    """A layer that is to be inserted; its pixels' area says where."""

    name: str
    pixels: Pixels
    look: Look


class Source(Protocol):
    """A layer or the whole picture, as it was when it was captured. Areas are on the canvas: the pixels of ``sent``
    travel, and those of ``kept``, which lies in it, become the new layer."""

    @property
    def name(self) -> str: ...

    @property
    def identifier(self) -> str:
        """What an Origin calls it."""

    @property
    def format(self) -> WireFormat:
        """How its pixels travel without loss."""

    @property
    def sent(self) -> Area: ...

    @property
    def kept(self) -> Area: ...

    @property
    def selected(self) -> bytes | None:
        """How far each pixel of ``kept`` is selected, 0 to 255; None when all are, or when ``insert`` sees to it."""

    def read(self, area: Area, format: WireFormat) -> Steps[Pixels]:
        """The pixels of ``area``, which lies in ``sent``; only before the capture ends."""

    def insert(self, new: NewLayer, above: LayerId | None = None) -> Steps[LayerId]:
        """Inserts a new layer over this one, or over ``above``, whole and in one undo step; then does not pause."""


class Document(Protocol):
    """An open picture. ``groups_undo`` says whether one undo step can hold several new layers."""

    @property
    def groups_undo(self) -> bool: ...

    @property
    def name(self) -> str:
        """As its tab says."""

    @property
    def file_title(self) -> str:
        """Its file's name without the suffix, empty for one that was never saved."""

    @property
    def is_open(self) -> bool: ...

    def check_open(self) -> None:
        """Raises Problem for one that was closed."""

    def idle(self) -> Steps[None]:
        """Waits until it may be read and changed."""

    def find(self, layer: Layer) -> Layer | None:
        """The layer; None when it is no longer in the document, or the document is closed."""

    def capture(
        self, layer: Layer | None, choice: str = LAYER, *, with_selection: bool = True
    ) -> AbstractContextManager[Source]:
        """A source to read: a layer, or the picture when None. Raises Problem where there is nothing to read,
        NothingSelected where the selection is beside it."""

    def insert(self, new: NewLayer) -> Steps[LayerId]:
        """Inserts a new layer over the active one, as ``Source.insert`` does."""

    def undo_step(self) -> AbstractContextManager[None]:
        """Makes one undo step of all insertions within, where the editor can; after an error none of them stays."""

    def settle(self, made: LayerId) -> Steps[None]:
        """Makes the artist's layer the active one again after an insertion."""

    def note_origin(self, made: LayerId, origin: Origin) -> None:
        """Remembers in the document what made a layer."""

    def origin_of(self, layer: Layer) -> Origin | None:
        """What made a layer; None when no filter did, or when another version noted it."""

    @property
    def eight_bit(self) -> WireFormat:
        """Red, green, blue and alpha in sRGB, 8 bits each."""

    def format_of(self, own: Mapping[str, str]) -> WireFormat:
        """The format with these words of the editor's. Raises KeyError or ValueError for any other words."""
