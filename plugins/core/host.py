"""What the use cases need from an editor: open documents, and sources from which pixels are read.

Each editor's module ``document`` implements the former and gives out the latter. Both are used on the interface thread
only.
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

# What to read: a layer alone, a layer with its masks, or the whole picture.
LAYER, WITH_MASKS, PICTURE = "layer", "layer-with-masks", "picture"

# Types of each editor's own: an object that stands for a layer, and an identifier by which a layer is found.
Layer = Any
LayerId = Any


@dataclass(frozen=True)
class NewLayer:
    """A layer to insert, at the area of its pixels."""

    name: str
    pixels: Pixels
    look: Look


class Source(Protocol):
    """A layer or the whole picture, as it was when it was captured. Areas are on the canvas: the pixels of ``sent``
    are sent to the server, and those of ``kept``, which lies within it, become the new layer."""

    @property
    def name(self) -> str: ...

    @property
    def identifier(self) -> str:
        """What an Origin calls this source."""

    @property
    def format(self) -> WireFormat:
        """The wire format in which its pixels are sent without loss."""

    @property
    def sent(self) -> Area: ...

    @property
    def kept(self) -> Area: ...

    @property
    def selected(self) -> bytes | None:
        """How far each pixel of ``kept`` is selected, 0 to 255; None when all are, or when ``insert`` masks them."""

    def read(self, area: Area, format: WireFormat) -> Steps[Pixels]:
        """Reads the pixels of ``area``, which lies in ``sent``; possible only until the capture ends."""

    def insert(self, new: NewLayer, above: LayerId | None = None) -> Steps[LayerId]:
        """Inserts a new layer over this one or ``above``, whole and in one undo step; does not pause after that."""


class Document(Protocol):
    """An open picture. ``groups_undo`` says whether one undo step can hold several new layers."""

    @property
    def groups_undo(self) -> bool: ...

    @property
    def name(self) -> str:
        """The name that the picture's tab shows."""

    @property
    def file_title(self) -> str:
        """The name of the picture's file without the suffix; empty for a picture that was never saved."""

    @property
    def is_open(self) -> bool: ...

    def check_open(self) -> None:
        """Raises Problem when the picture was closed."""

    def idle(self) -> Steps[None]:
        """Waits until the document may be read and changed."""

    def find(self, layer: Layer) -> Layer | None:
        """Returns the layer; None when it is no longer in the document, or the document is closed."""

    def capture(
        self, layer: Layer | None, choice: str = LAYER, *, with_selection: bool = True
    ) -> AbstractContextManager[Source]:
        """Captures a source to read: a layer, or the picture when None. Raises Problem when there is nothing to read,
        NothingSelected when the selection does not touch it."""

    def insert(self, new: NewLayer) -> Steps[LayerId]:
        """Inserts a new layer over the active one, as ``Source.insert`` does."""

    def undo_step(self) -> AbstractContextManager[None]:
        """Makes one undo step of all insertions inside, where the editor can; undoes all of them after an error."""

    def settle(self, made: LayerId) -> Steps[None]:
        """Makes the artist's layer the active one again after an insertion."""

    def note_origin(self, made: LayerId, origin: Origin) -> None:
        """Remembers in the document what made a layer."""

    def origin_of(self, layer: Layer) -> Origin | None:
        """Returns what made a layer; None when no filter did, or when another version noted it."""

    @property
    def eight_bit(self) -> WireFormat:
        """Red, green, blue and alpha in sRGB, 8 bits each."""

    def format_of(self, own: Mapping[str, str]) -> WireFormat:
        """Returns the format that ``WireFormat.own`` describes. Raises KeyError or ValueError if it describes none."""
