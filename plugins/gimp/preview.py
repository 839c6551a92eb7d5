"""The preview beside the list of filters: a small translation whenever the choice has settled."""

from __future__ import annotations

from typing import Any

from ..core.jobs import Job
from ..core.session import Session
from ..core.texts import _
from . import layers
from .gtk import GLib, Gtk, label
from .layers import Look
from .problems import Problem
from .sample import Sample
from .split import Split

SIDE = 448
_SETTLED_MILLISECONDS = 200


class Preview(Gtk.Box):  # type: ignore[misc]
    """Shows the first of the chosen layers as ``show_filter`` would leave it. ``close`` it."""

    def __init__(self, session: Session, image: Any, drawables: list[Any]) -> None:
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        self._session = session
        self._image, self._drawables = image, drawables
        self._sample: Sample | None = None
        self._filter_id = ""
        self._look = Look()
        self._job: Job | None = None
        self._timer = 0
        self._split = Split(SIDE)
        self._note = label(dim=True)
        self._note.set_width_chars(40)
        self._note.set_max_width_chars(50)
        self.pack_start(self._split, False, False, 0)
        self.pack_start(self._note, False, False, 0)

    def show_source(self, kind: str) -> None:
        """Another source: the layers or all that is visible."""
        self._forget_sample()
        try:
            layer = layers.chosen_layers(self._image, self._drawables, kind)[0]
            self._sample = Sample(self._image, layer, SIDE)
        except Problem as problem:
            self._note.set_text(str(problem))
        self._changed()

    def show_filter(self, filter_id: str) -> None:
        """Empty for none."""
        self._filter_id = filter_id
        self._changed()

    def show_look(self, look: Look) -> None:
        self._look = look
        self._draw()

    def close(self) -> None:
        self._stop()
        self._forget_sample()

    def _changed(self) -> None:
        """A new translation is due once the artist has stopped choosing."""
        self._stop()
        if self._sample:
            self._sample.take(None)
        self._draw()
        if self._sample and self._filter_id:
            self._timer = GLib.timeout_add(_SETTLED_MILLISECONDS, self._start)

    def _start(self) -> bool:
        self._timer = 0
        sample = self._sample
        if sample:
            self._job = self._session.submit(sample.request(self._filter_id), lane="preview", done=self._done)
            self._note.set_text(_("Preparing the preview"))
        return False

    def _done(self, job: Job) -> None:
        if job is not self._job or self._sample is None:
            return
        self._job = None
        if job.state == "done":
            self._sample.take(job.pixels)
            self._note.set_text(self._what_it_is())
            self._draw()
        elif job.error:
            self._note.set_text(" ".join(job.error))

    def _what_it_is(self) -> str:
        assert self._sample
        if self._sample.scale >= 1:
            return _("Preview at full size")
        return _("Preview at {percent:.0f} % of the size; details will differ.").format(
            percent=100 * self._sample.scale
        )

    def _draw(self) -> None:
        sample = self._sample
        if sample is None:
            self._split.show_pictures(None, None, 0, 0)
        else:
            self._split.show_pictures(
                sample.shown_before(), sample.shown_after(self._look), sample.width, sample.height
            )

    def _stop(self) -> None:
        if self._timer:
            GLib.source_remove(self._timer)
            self._timer = 0
        if self._job:
            self._job.cancel()
            self._job = None

    def _forget_sample(self) -> None:
        if self._sample:
            self._sample.close()
            self._sample = None
