"""What the artist wants translated: a layer, a layer with its masks applied, or the whole picture."""

from __future__ import annotations

from dataclasses import dataclass

from krita import Document, Node

from ..core.area import Area
from ..core.host import PICTURE, WITH_MASKS, LayerId, NewLayer
from ..core.pixels import Pixels, WireFormat
from ..core.problems import NothingSelected, Problem
from ..core.steps import Steps
from ..core.texts import _
from . import transfer
from .groups import mixes, passes_through
from .host import canvas, space_of
from .pixels import Space, space_in, wire_format
from .qt import QUuid
from .shown import flattened, is_current, shows_other_pixels

_MASKS = ("transparencymask", "filtermask", "transformmask", "selectionmask", "colorizemask")
# Krita computes their pixels from something else, so only their projection can be read.
_COMPUTED = ("grouplayer", "clonelayer", "filelayer", "vectorlayer", "filllayer")


@dataclass(frozen=True)
class Mask:
    """A selection: one byte for each pixel of ``area``, from 0 to 255 (fully selected)."""

    area: Area
    selected: bytes


@dataclass(frozen=True)
class KritaSource:
    """Krita's ``core.host.Source``. ``node`` is a copy, where there can be one, so that painting does not change it;
    the result goes above the layer with the identifier ``above``, or on top of the picture when that is None."""

    document: Document
    node: Node
    above: QUuid | None
    name: str
    space: Space
    format: WireFormat
    sent: Area
    projected: bool
    mask: Mask | None

    @property
    def identifier(self) -> str:
        return "" if self.above is None else self.above.toString()

    @property
    def kept(self) -> Area:
        return self.mask.area if self.mask else self.sent

    @property
    def selected(self) -> bytes | None:
        return self.mask.selected if self.mask else None

    def pixels(self, area: Area) -> bytes:
        """Returns the pixels of ``area`` in the source's own colour space."""
        read = self.node.projectionPixelData if self.projected else self.node.pixelData
        return bytes(read(area.x, area.y, area.width, area.height))

    def read(self, area: Area, format: WireFormat) -> Steps[Pixels]:
        return Pixels(area, format, (yield from transfer.read(self.pixels, self.space, area, space_in(format.own))))

    def insert(self, new: NewLayer, above: LayerId | None = None) -> Steps[LayerId]:
        return transfer.write(self.document, self.space, new, self.above if above is None else above)


def find_source(
    document: Document | None, node: Node | None, choice: str, *, with_selection: bool = True
) -> KritaSource:
    """Returns what ``choice`` names in the document, as it is now. Raises Problem if there is nothing to translate."""
    if document is None:
        raise Problem(_("No picture is open."), _("Open one, or make a new one, and try again."))
    if choice == PICTURE:
        return _picture(document, with_selection)
    if node is None:
        raise Problem(_("No layer is selected."), _("Select one in the layer list and try again."))
    _refuse_impossible(node)
    space = space_of(node)
    format = wire_format(space)
    read, projected = _readable(document, node, choice)
    area = _area_of(document, node, read)
    mask = _mask(document, area, node.name()) if with_selection else None
    return KritaSource(document, read, node.uniqueId(), node.name(), space, format, area, projected, mask)


def _picture(document: Document, with_selection: bool) -> KritaSource:
    area = canvas(document)
    mask = _mask(document, area, _("the picture")) if with_selection else None
    name = document.name() or _("Picture")
    space = space_of(document)
    return KritaSource(document, document.rootNode().clone(), None, name, space, wire_format(space), area, True, mask)


def _refuse_impossible(node: Node) -> None:
    kind = node.type()
    if kind in _MASKS:
        raise Problem(
            _("“{name}” is a mask, not a layer.").format(name=node.name()),
            _("Select the layer that it belongs to."),
        )
    if kind == "filterlayer":
        raise Problem(
            _("“{name}” is a filter layer and has no pixels of its own.").format(name=node.name()),
            _("Select another layer, or translate the whole picture."),
        )
    if passes_through(node) and mixes(node):
        raise Problem(
            _("Layers in the pass-through group “{name}” mix with what is below the group.").format(name=node.name()),
            _("Switch off Pass Through in the layer list, or translate the whole picture."),
        )
    if kind not in ("paintlayer", *_COMPUTED):
        raise Problem(
            _("“{name}” is a kind of layer that cannot be translated ({kind}).").format(name=node.name(), kind=kind),
            _("Select a paint layer, or translate the whole picture."),
        )


def _readable(document: Document, node: Node, choice: str) -> tuple[Node, bool]:
    """Returns a node that has a layer's pixels, and whether they are in its projection. It is a copy, which keeps them
    whatever is painted meanwhile, where that costs nothing."""
    changed, computed = shows_other_pixels(node), node.type() in _COMPUTED
    if (computed and not is_current(node)) or (changed and (computed or choice == WITH_MASKS)):
        return flattened(document, node), False
    return (node.clone() if node.type() in ("paintlayer", "grouplayer") else node), computed


def _area_of(document: Document, node: Node, read: Node) -> Area:
    """Returns where on the canvas the pixels are that ``read`` has for a layer. Raises Problem where there are none."""
    bounds = read.bounds()
    if bounds.isEmpty() and node.type() == "paintlayer" and node.bounds().isEmpty():
        raise Problem(
            _("“{name}” is empty.").format(name=node.name()), _("Paint something on it, or select another layer.")
        )
    if bounds.isEmpty():
        raise Problem(
            _("Nothing of “{name}” shows on the canvas.").format(name=node.name()),
            _("Show or move a part of it there, or select another layer."),
        )
    area = Area(bounds.x(), bounds.y(), bounds.width(), bounds.height()).common(canvas(document))
    if area is None:
        raise Problem(
            _("“{name}” lies outside the canvas.").format(name=node.name()), _("Move it onto the canvas and try again.")
        )
    return area


def _mask(document: Document, area: Area, name: str) -> Mask | None:
    selection = document.selection()
    if selection is None:
        return None
    extent = (selection.x(), selection.y(), selection.width(), selection.height())
    common = Area(*extent).common(area) if extent[2] > 0 and extent[3] > 0 else None
    if common is None:
        raise NothingSelected(
            _("No part of “{name}” is selected.").format(name=name),
            _("Select a part of it, or select all of the picture with Select > Select All."),
        )
    return Mask(common, bytes(selection.pixelData(common.x, common.y, common.width, common.height)))
