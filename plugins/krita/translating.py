"""One press of Apply: sources are read, translated and written, one after another."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..client.messages import Filter
from ..core.history import Entry, History
from ..core.jobs import Job, TranslationRequest, duration
from ..core.layers import result_name
from ..core.masks import multiply_alpha
from ..core.session import Session
from ..core.texts import _
from . import host, transfer
from .guard import report
from .origins import Origin, keep
from .pixels import WireFormat, cut_out, wire_format
from .problems import Problem
from .sources import Source, find_source
from .steps import WAIT, Steps, Task, elsewhere
from .transfer import Look


@dataclass(frozen=True)
class Wish:
    """What Apply was pressed for. A node is None with the whole picture as the choice. ``above`` is the identifier of
    the layer over which the results go; None: each over its source."""

    document: Any
    nodes: tuple[Any, ...]
    choice: str
    chosen: Filter
    look: Look = field(default_factory=Look)
    above: Any = None


class Run:
    """``state`` is running, done, failed or cancelled. ``made`` are the identifiers of the layers that it added.
    What goes wrong is reported; in a batch the other layers go on. ``changed`` is called after every change."""

    def __init__(
        self, wish: Wish, session: Session, history: History, changed: Callable[[], None], parent: Any
    ) -> None:
        self.wish = wish
        self.state = "running"
        self.made: list[Any] = []
        self._session = session
        self._history = history
        self._changed = changed
        self._stage = _("Reading the layer")
        self._number = 0
        self._begun = time.monotonic()
        self._seconds = 0.0
        self._job: Job | None = None
        self._task = Task(self._guarded_steps(), done=lambda _none: self._end(), failed=self._fail, parent=parent)

    @property
    def ended(self) -> bool:
        return self.state != "running"

    @property
    def fraction(self) -> float | None:
        """Of the whole, None while it is not known."""
        if self.ended:
            return 1.0
        share = self._job.fraction if self._job else 0.0
        return None if share is None else (self._number + share) / len(self.wish.nodes)

    def describe(self) -> str:
        """One line for the artist."""
        if self.ended:
            return self._outcome()
        now = self._job.describe() if self._job else self._stage
        if len(self.wish.nodes) == 1:
            return now
        return _("Layer {number} of {all}: {now}").format(number=self._number + 1, all=len(self.wish.nodes), now=now)

    def cancel(self) -> None:
        """At once, here and on the server. Layers of a batch that are ready stay."""
        if not self.ended:
            self._task.stop()
            self._leave("cancelled")

    def _guarded_steps(self) -> Steps[None]:
        """The steps, for as long as their document is open."""
        steps = self._steps()
        with contextlib.closing(steps):
            for pause in steps:
                yield pause
                if not host.is_open(self.wish.document):
                    raise Problem(_("The picture was closed, so the translation was cancelled."))

    def _steps(self) -> Steps[None]:
        for number, node in enumerate(self.wish.nodes):
            self._number = number
            try:
                yield from self._translate(node)
            except Problem as problem:
                if len(self.wish.nodes) == 1 or not host.is_open(self.wish.document):
                    raise
                report(problem)

    def _translate(self, node: Any) -> Steps[None]:
        wish = self.wish
        self._show(_("Reading the layer"))
        yield from host.until_idle(wish.document)
        source = find_source(wish.document, node, wish.choice)
        if wish.above is not None:
            source = replace(source, above=wish.above)
        wire = wire_format(source.space)
        pixels = yield from transfer.read(source, wire.space)
        result = yield from self._on_the_server(source, wire, pixels)
        self._show(_("Adding the new layer"))
        result = yield from elsewhere(lambda: _masked(source, wire, result))
        yield from host.until_idle(wish.document)
        name = result_name(wish.chosen.title or wish.chosen.id, source.name)
        active = wish.document.activeNode()
        made = yield from transfer.write(source, result, wire, source.result_area, name, wish.look)
        keep(wish.document, made, self._origin(node))
        self.made.append(made)
        self._changed()
        yield from host.make_active_again(wish.document, active, made)
        yield from elsewhere(lambda: self._remember(source, wire, name, result))

    def _on_the_server(self, source: Source, wire: WireFormat, pixels: bytearray) -> Steps[bytearray]:
        request = TranslationRequest(
            self.wish.chosen.id,
            source.area.width,
            source.area.height,
            wire.channels,
            wire.sample_type,
            pixels,
            wire.transfer_function,
            wire.channel_order,
        )
        self._job = job = self._session.submit(request, done=lambda _job: None)
        while not job.ended:
            yield WAIT
        self._job = None
        if job.state == "failed" and job.error:
            raise Problem(*job.error)
        if job.pixels is None:
            raise Problem(_("The translation was cancelled."))
        return job.pixels

    def _remember(self, source: Source, wire: WireFormat, name: str, pixels: bytearray) -> None:
        area, chosen = source.result_area, self.wish.chosen
        space = wire.space
        entry = Entry(
            chosen.id,
            chosen.title or chosen.id,
            chosen.sha256,
            name,
            area.width,
            area.height,
            wire.channels,
            wire.sample_type,
            (area.x, area.y),
            {"model": space.model, "depth": space.depth, "profile": space.profile},
        )
        self._history.add(entry, pixels)

    def _origin(self, node: Any) -> Origin:
        chosen = self.wish.chosen
        source = node.uniqueId().toString() if node is not None else ""
        return Origin(chosen.id, chosen.title or chosen.id, chosen.sha256, source, self.wish.choice)

    def _show(self, stage: str) -> None:
        self._stage = stage
        self._changed()

    def _end(self) -> None:
        self._leave("done" if self.made else "failed")

    def _fail(self, error: Exception) -> None:
        self._leave("failed")
        report(error)

    def _outcome(self) -> str:
        made, wanted = len(self.made), len(self.wish.nodes)
        if made == wanted:
            return _("Done in {time}").format(time=duration(self._seconds))
        if made:
            return _("{made} of {wanted} layers were translated.").format(made=made, wanted=wanted)
        return _("Cancelled; nothing was added.") if self.state == "cancelled" else _("Nothing was added.")

    def _leave(self, state: str) -> None:
        self.state = state
        self._seconds = time.monotonic() - self._begun
        if self._job is not None:
            self._job.cancel()
            self._job = None
        self._changed()


def nodes_for(choice: str, nodes: Sequence[Any], picture: str) -> tuple[Any, ...]:
    """One run for each layer, or one for the picture."""
    return (None,) if choice == picture else tuple(nodes)


def _masked(source: Source, wire: WireFormat, pixels: bytearray) -> bytearray:
    """What the selection leaves of the result. On a thread: a large soft selection takes a while."""
    if source.mask is None:
        return pixels
    part = cut_out(pixels, source.area, source.mask.area, wire.space.pixel_bytes)
    channels = 4 if wire.space.model == "RGBA" else 2
    multiply_alpha(part, source.mask.selected, channels=channels, sample_type=wire.sample_type)
    return part
