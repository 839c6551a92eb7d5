"""One request of the artist: the chosen layers go to the server, and their translations into the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gi.repository import Gimp, GLib

from ..client.messages import ChannelOrder
from ..core.browser import title
from ..core.jobs import Job, TranslationRequest
from ..core.problems import Problem
from ..core.session import Session
from ..core.texts import _
from . import layers
from .layers import Look, Result, Source

_TICK_MILLISECONDS = 100


@dataclass(frozen=True)
class Options:
    """What the procedure's arguments say."""

    filter_id: str
    kind: str
    look: Look


def post(call: Callable[[], object]) -> None:
    """Runs ``call`` in the thread that talks to GIMP, from any other."""
    GLib.idle_add(_once, call)


def translate(session: Session, image: Any, drawables: list[Any], options: Options) -> list[tuple[Result, Any]]:
    """Gives the results and their new layers. Nothing is written before all of them have arrived. Raises Problem."""
    if not options.filter_id:
        raise Problem(_("No filter is named."), _("Choose one in the dialog, or name it in the argument “filter”."))
    chosen = layers.chosen_layers(image, drawables, options.kind)
    name = _title(session, options.filter_id)
    sources = [source for source in (layers.capture(image, layer) for layer in chosen) if source]
    if not sources:
        raise Problem(
            _("The selection does not touch the layer."), _("Select a part of it, or nothing, and try again.")
        )
    Gimp.progress_init(_("Translating"))
    try:
        results = [
            _translated(session, source, options.filter_id, name, _teller(number, len(sources)))
            for number, source in enumerate(sources)
        ]
        _check_open(image)
        made = layers.insert(image, results, options.look)
    finally:
        Gimp.progress_end()
    Gimp.displays_flush()
    return list(zip(results, made))


def request_for(source: Source, filter_id: str) -> TranslationRequest:
    return TranslationRequest(
        filter_id=filter_id,
        width=source.sent.width,
        height=source.sent.height,
        channels=source.form.channels,
        sample_type=source.form.sample_type,
        pixels=source.pixels,
        transfer_function=source.form.transfer_function,
        channel_order=ChannelOrder.RGB,
    )


def _translated(session: Session, source: Source, filter_id: str, name: str, tell: Callable[[Job], None]) -> Result:
    job = _finished(session, request_for(source, filter_id), tell)
    if job.state != "done" or job.pixels is None or job.summary is None:
        raise Problem(*job.error) if job.error else Problem(_("It was cancelled."))
    origin = {
        "filter": filter_id,
        "sha256": job.summary.filter_sha256,
        "execution_provider": job.summary.execution_provider,
        "source": source.name,
    }
    return Result(source, job.pixels, name, origin)


def _finished(session: Session, request: TranslationRequest, tell: Callable[[Job], None]) -> Job:
    """Waits with a running main loop, so that progress is shown and the desktop does not take us for dead."""
    loop = GLib.MainLoop()
    job = session.submit(request, lane="work", done=lambda job: loop.quit())

    def tick() -> bool:
        tell(job)
        return True

    timer = GLib.timeout_add(_TICK_MILLISECONDS, tick)
    try:
        loop.run()
    finally:
        GLib.source_remove(timer)
    return job


def _teller(number: int, count: int) -> Callable[[Job], None]:
    """Shows a job, which is one of several, in GIMP's progress bar."""

    def tell(job: Job) -> None:
        text = job.describe()
        if count > 1:
            text = _("Layer {number} of {count}: {text}").format(number=number + 1, count=count, text=text)
        Gimp.progress_set_text(text)
        if job.fraction is None:
            Gimp.progress_pulse()
        else:
            Gimp.progress_update((number + job.fraction) / count)

    return tell


def _title(session: Session, filter_id: str) -> str:
    """Waits until the server has told its filters. Raises Problem when it cannot be reached or has no such filter."""
    _wait(session, lambda: session.connection.kind in ("connected", "failed"))
    if session.connection.kind == "failed":
        raise Problem(session.connection.sentence, session.connection.remedy)
    found = session.find(filter_id)
    if found is None:
        offered = ", ".join(other.id for other in session.filters)
        raise Problem(
            _("The server has no filter “{filter}”.").format(filter=filter_id),
            _("Choose one of these: {filters}.").format(filters=offered)
            if offered
            else _("Put a filter into its folder, and it is offered within seconds."),
        )
    return title(found)


def _wait(session: Session, until: Callable[[], bool]) -> None:
    """Runs the main loop until the session has changed as wanted."""
    loop = GLib.MainLoop()

    def look() -> None:
        if until():
            loop.quit()

    forget = session.add_listener(look)
    try:
        session.connect()
        if not until():
            loop.run()
    finally:
        forget()


def _check_open(image: Any) -> None:
    if not image.is_valid():
        raise Problem(_("The picture was closed meanwhile."), _("Open it again and repeat the translation."))


def _once(call: Callable[[], object]) -> bool:
    call()
    return False
