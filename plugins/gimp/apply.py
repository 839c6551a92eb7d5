"""One request of the artist: sends the chosen layers to the server, and puts their translations into the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gi.repository import Gimp

from ..client.messages import Filter
from ..core.host import LAYER, PICTURE
from ..core.look import Look
from ..core.problems import Problem
from ..core.session import Session
from ..core.steps import Steps
from ..core.texts import _
from ..core.translating import Made, Order, Remember, RunProgress, translate_layers
from . import layers
from .document import GimpDocument
from .steps import finish, until


@dataclass(frozen=True)
class Options:
    """The procedure's arguments. ``kind`` is LAYER or VISIBLE, as in ``layers``."""

    filter_id: str
    kind: str
    look: Look


def keep_nothing(made: Sequence[Made]) -> Steps[None]:
    """Keeps nothing: a script's results would push out the artist's."""
    yield from ()


def translate(
    session: Session,
    image: Gimp.Image,
    drawables: list[Gimp.Drawable],
    options: Options,
    remember: Remember = keep_nothing,
) -> None:
    """Translates the layers; changes the picture only once all translations have arrived. Raises Problem."""
    if not options.filter_id:
        raise Problem(_("No filter was given."), _("Choose one in the dialog, or give it in the argument “filter”."))
    chosen = layers.chosen_layers(image, drawables, options.kind)
    choice = PICTURE if options.kind == layers.VISIBLE else LAYER
    order = Order(chosen, choice, _filter(session, options.filter_id), options.look)
    progress = RunProgress(len(chosen))
    steps = translate_layers(GimpDocument(image), order, session, progress, remember, _tell)
    Gimp.progress_init(_("Translating"))
    try:
        finish(steps, lambda: _show(progress))
    finally:
        Gimp.progress_end()


def _tell(problem: Problem) -> None:
    Gimp.message(str(problem))


def _show(progress: RunProgress) -> None:
    """Shows the progress in GIMP's progress bar."""
    if progress.job is None:
        return
    Gimp.progress_set_text(progress.describe())
    fraction = progress.fraction
    if fraction is None:
        Gimp.progress_pulse()
    else:
        Gimp.progress_update(fraction)


def _filter(session: Session, filter_id: str) -> Filter:
    """Returns the filter, once the server has answered. Raises Problem when it does not or has no such filter."""
    session.connect()
    finish(until(lambda: session.connection.kind in ("connected", "failed")))
    if session.connection.kind == "failed":
        raise Problem(session.connection.sentence, session.connection.remedy)
    found = session.find(filter_id)
    if found is None:
        offered = ", ".join(other.id for other in session.filters)
        raise Problem(
            _("The server has no filter “{filter}”.").format(filter=filter_id),
            _("Choose one of these: {filters}.").format(filters=offered)
            if offered
            else _("Put a filter into its folder; it is offered within seconds."),
        )
    return found
