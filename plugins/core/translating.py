"""Translates layers: reads them, sends them, masks the results, inserts them into the document and keeps them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..client.messages import Filter
from .browser import title
from .host import Document, Layer, LayerId, NewLayer, Source
from .layers import result_name
from .look import Look
from .masks import multiply_alpha
from .origins import Origin
from .pixels import Pixels, crop
from .problems import NothingSelected, Problem
from .session import Session
from .steps import WAIT, Steps, elsewhere
from .texts import _
from .translation_jobs import TranslationJob, TranslationRequest


@dataclass(frozen=True)
class Order:
    """What to translate, and how. None among ``layers`` means the whole picture. ``choice`` is LAYER, WITH_MASKS or
    PICTURE. Results go over the layer ``above``, or each over its source when that is None."""

    layers: Sequence[Layer | None]
    choice: str
    chosen: Filter
    look: Look = field(default_factory=Look)
    above: LayerId | None = None


@dataclass(frozen=True)
class Made:
    """A result that is in the document. ``layer`` is the identifier of its layer."""

    layer: LayerId
    new: NewLayer
    origin: Origin
    source: Source


# Called with results that were just inserted, for instance to keep them.
Remember = Callable[[Sequence[Made]], Steps[None]]


class RunProgress:
    """How far a translation of ``count`` layers is. ``changed`` is called when ``made`` or the stage changes."""

    def __init__(self, count: int, changed: Callable[[], None] = lambda: None) -> None:
        self.count = count
        self.number = 0
        self.job: TranslationJob | None = None
        self.made: list[Made] = []
        self._stage = _("Reading the layer")
        self._changed = changed

    @property
    def fraction(self) -> float | None:
        """How much of all layers is done, 0 to 1; None while unknown."""
        share = self.job.fraction if self.job else 0.0
        return None if share is None else (self.number + share) / self.count

    def describe(self) -> str:
        """Returns one line about the progress, for the artist."""
        now = self.job.describe() if self.job else self._stage
        if self.count == 1:
            return now
        return _("Layer {number} of {all}: {now}").format(number=self.number + 1, all=self.count, now=now)

    def show(self, stage: str) -> None:
        self._stage = stage
        self._changed()

    def add(self, made: Sequence[Made]) -> None:
        self.made.extend(made)
        self._changed()


def translate_layers(
    document: Document,
    order: Order,
    session: Session,
    progress: RunProgress,
    remember: Remember,
    report: Callable[[Problem], None],
) -> Steps[None]:
    """Translates layers; the results are in ``progress.made``. Raises Problem, also when the document is closed.

    Where an undo step can hold several layers, all results appear together or none. Elsewhere each appears as soon as
    it is ready, and a problem with one of several goes to ``report`` while the others continue.
    """
    steps = _Translation(document, order, session, progress, remember, report).steps()
    with contextlib.closing(steps):
        for pause in steps:
            yield pause
            document.check_open()


def submitted(
    session: Session, request: TranslationRequest, lane: str, seen: Callable[[TranslationJob], None]
) -> Steps[TranslationJob]:
    """Submits a request, passes its job to ``seen`` and waits for its end. Closing the steps cancels the job."""
    job = session.submit(request, done=lambda _job: None, lane=lane)
    seen(job)
    try:
        while not job.ended:
            yield WAIT
    finally:
        job.cancel()  # has no effect once it has ended
    return job


@dataclass(frozen=True)
class _Result:
    source: Source
    pixels: Pixels
    origin: Origin


class _Translation:
    def __init__(
        self,
        document: Document,
        order: Order,
        session: Session,
        progress: RunProgress,
        remember: Remember,
        report: Callable[[Problem], None],
    ) -> None:
        self._document, self._order, self._session = document, order, session
        self._progress, self._remember, self._report = progress, remember, report

    def steps(self) -> Steps[None]:
        layers = list(self._order.layers)
        batches = [layers] if self._document.groups_undo else [[layer] for layer in layers]
        for number, batch in enumerate(batches):
            self._progress.number = number
            try:
                yield from self._translate(batch)
            except Problem as problem:
                if len(batches) == 1 or not self._document.is_open:
                    raise
                self._report(problem)

    def _translate(self, batch: Sequence[Layer | None]) -> Steps[None]:
        progress, first = self._progress, self._progress.number
        progress.show(_("Reading the layer"))
        yield from self._document.idle()
        results = []
        read = yield from self._read(batch)
        progress.count -= len(batch) - len(read)
        for number, (source, pixels) in enumerate(read):
            progress.number = first + number
            results.append((yield from self._translated(source, pixels)))
        progress.show(_("Adding the new layer"))
        yield from self._document.idle()
        made = yield from self._insert(results)
        progress.add(made)
        yield from self._document.settle(made[-1].layer)
        yield from self._remember(made)

    def _read(self, batch: Sequence[Layer | None]) -> Steps[list[tuple[Source, Pixels]]]:
        """Reads the layers that the selection touches. Raises NothingSelected when it touches none."""
        found, beside = [], None
        for layer in batch:
            try:
                with self._document.capture(layer, self._order.choice) as source:
                    found.append((source, (yield from source.read(source.sent, source.format))))
            except NothingSelected as problem:
                beside = problem
        if not found and beside is not None:
            raise beside
        return found

    def _translated(self, source: Source, pixels: Pixels) -> Steps[_Result]:
        request = TranslationRequest.of(self._order.chosen.id, pixels)
        job = yield from submitted(self._session, request, "work", self._follow)
        self._progress.job = None
        if job.state == "failed" and job.error:
            raise Problem(*job.error)
        if job.pixels is None or job.summary is None:
            raise Problem(_("The translation was cancelled."))
        chosen, translation = self._order.chosen, Pixels(source.sent, source.format, job.pixels)
        origin = Origin(
            filter=chosen.id,
            title=title(chosen),
            sha256=job.summary.filter_sha256,
            source=source.identifier,
            choice=self._order.choice,
            execution_provider=job.summary.execution_provider,
        )
        return _Result(source, (yield from elsewhere(lambda: _masked(source, translation))), origin)

    def _follow(self, job: TranslationJob) -> None:
        self._progress.job = job

    def _insert(self, results: Sequence[_Result]) -> Steps[list[Made]]:
        made = []
        with self._document.undo_step():
            for result in results:
                name = result_name(result.origin.title, result.source.name)
                new = NewLayer(name, result.pixels, self._order.look)
                layer = yield from result.source.insert(new, self._order.above)
                self._document.note_origin(layer, result.origin)
                made.append(Made(layer, new, result.origin, result.source))
        return made


def _masked(source: Source, translation: Pixels) -> Pixels:
    """Returns the selected part of a translation. Runs on a thread, since a large soft selection takes a while."""
    format = translation.format
    part = crop(translation.data, translation.area, source.kept, format.pixel_bytes)
    if source.selected is not None:
        part = part if isinstance(part, bytearray) else bytearray(part)
        multiply_alpha(part, source.selected, channels=format.channels, sample_type=format.sample_type)
    return Pixels(source.kept, format, part)
