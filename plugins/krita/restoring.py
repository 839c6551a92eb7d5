"""A result of the past, put into a picture again."""

from __future__ import annotations

from typing import Any

from ..core.area import Area
from ..core.history import Entry, History
from ..core.texts import _
from . import host, transfer
from .pixels import Space, wire_format
from .problems import Problem
from .sources import Source
from .steps import Steps, elsewhere
from .transfer import Look


def insert_again(document: Any, history: History, entry: Entry, look: Look) -> Steps[Any]:
    """A new layer over the active one, in one undo step; gives its identifier."""
    try:
        pixels = yield from elsewhere(lambda: history.pixels(entry))
    except KeyError:
        raise Problem(_("This result is not kept any more."), _("Apply the filter again.")) from None
    yield from host.until_idle(document)
    if not host.is_open(document):
        raise Problem(_("The picture was closed."))
    space = Space(entry.extra["model"], entry.extra["depth"], entry.extra["profile"])
    area = Area(*entry.place, entry.width, entry.height)
    node = document.activeNode()
    above = node.uniqueId() if node is not None and not node.type().endswith("mask") else None
    target = Source(document, node, above, entry.layer_name, space, area, False, None)
    made = yield from transfer.write(target, bytearray(pixels), wire_format(space), area, entry.layer_name, look)
    return made
