"""Earlier results: what is kept of one, and how it is inserted into a document again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ..client.wire import Buffer
from .area import Area
from .history import Entry, History
from .host import Document, LayerId, NewLayer
from .look import Look
from .origins import Origin
from .pixels import Pixels
from .problems import Problem
from .steps import Steps, elsewhere
from .texts import _
from .translating import Made, Remember


@dataclass(frozen=True)
class PastResult:
    """A kept result. ``read`` returns its pixels, on any thread, or raises KeyError if it is gone; ``gone`` is the
    sentence that says so. ``origin`` is noted for the new layer unless None."""

    entry: Entry
    read: Callable[[], Buffer]
    gone: str
    look: Look
    origin: Origin | None = None


def insert_again(document: Document, past: PastResult) -> Steps[LayerId]:
    """Inserts a result at its old place over the active layer, in one undo step; returns the new layer's identifier.
    Raises Problem."""
    entry = past.entry
    try:
        format = document.format_of(entry.extra)
        data = yield from elsewhere(past.read)
    except (KeyError, ValueError):
        raise Problem(past.gone, _("Apply the filter again.")) from None
    yield from document.idle()
    if not document.is_open:
        raise Problem(_("The picture was closed."))
    pixels = Pixels(Area(*entry.place, entry.width, entry.height), format, data)
    with document.undo_step():
        made = yield from document.insert(NewLayer(entry.layer_name, pixels, past.look))
        if past.origin is not None:
            document.note_origin(made, past.origin)
    return made


def entry_of(made: Made, pixels: Pixels, extra: Mapping[str, str]) -> Entry:
    """Returns the entry for a result: ``pixels`` are as in the document, ``extra`` is the editor's own."""
    area, format = pixels.area, pixels.format
    return Entry(
        filter_id=made.origin.filter,
        filter_title=made.origin.title,
        filter_sha256=made.origin.sha256,
        layer_name=made.new.name,
        width=area.width,
        height=area.height,
        channels=format.channels,
        sample_type=format.sample_type,
        place=(area.x, area.y),
        extra=dict(extra),
    )


def keep_in(history: History) -> Remember:
    """Returns a Remember that keeps results in ``history`` as they were inserted."""

    def keep(one: Made) -> bool:
        pixels = one.new.pixels
        return history.add(entry_of(one, pixels, pixels.format.own), pixels.data)

    def remember(made: Sequence[Made]) -> Steps[None]:
        for one in made:
            yield from elsewhere(partial(keep, one))

    return remember
