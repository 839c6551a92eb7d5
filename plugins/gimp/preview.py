"""The preview beside the list of filters: a small translation, made whenever the artist's choice has settled."""

from __future__ import annotations

from collections.abc import Callable

from gi.repository import Gimp

from ..client.wire import Buffer
from ..core.area import Area
from ..core.look import Look
from ..core.preview_frame import Frame, detail_frame, whole_frame
from ..core.previewing import Previewing
from ..core.problems import Problem
from ..core.session import Session
from ..core.steps import Steps
from ..core.texts import _
from ..core.translation_jobs import TranslationRequest
from . import layers
from .gtk import GLib, Gtk, box, label
from .sample import Sample
from .split import Split
from .steps import Task

SIDE = 448
_SETTLED_SECONDS = 0.2


class PreviewBox(Gtk.Box):
    """Shows the first of the chosen layers before and after the filter of ``show_filter``: all of it, or a part at
    100 %. Call ``close`` at the end."""

    def __init__(self, session: Session, image: Gimp.Image, drawables: list[Gimp.Drawable]) -> None:
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        self._image, self._drawables = image, drawables
        self._kind = layers.LAYER
        # libgimp does not tell which part of the picture the artist sees, so a detail begins in the middle.
        self._centre: tuple[int, int] | None = None
        self._moving = 0
        self._sample: Sample | None = None
        self._filter_id = ""
        self._look = Look()
        self._previewing = Previewing(session, self, Task, _SETTLED_SECONDS)
        self._split = Split(SIDE)
        self._note = label(dim=True)
        self._note.set_width_chars(40)
        self._note.set_max_width_chars(50)
        self._split.connect("panned", lambda split, x, y: self._pan(x, y))
        self._whole, self._detail = _sizes(lambda: self._resample())
        self.pack_start(_side_by_side(self._whole, self._detail), False, False, 0)
        self.pack_start(self._split, False, False, 0)
        self.pack_start(self._note, False, False, 0)

    def show_source(self, kind: str) -> None:
        """Shows another source; ``kind`` is LAYER or VISIBLE, as in ``layers``."""
        self._kind, self._centre = kind, None
        self._resample()

    def show_filter(self, filter_id: str) -> None:
        """Shows the filter with this identifier, or none if it is empty."""
        self._filter_id = filter_id
        self._changed()

    def show_look(self, look: Look) -> None:
        self._look = look
        self._draw()

    def close(self) -> None:
        self._previewing.stop()
        if self._moving:
            GLib.source_remove(self._moving)
        self._forget_sample()

    def show_begun(self) -> None:
        self._note.set_text(_("Preparing the preview"))

    def show_translation(self, pixels: Buffer) -> None:
        if self._sample is not None:
            self._sample.take(pixels)
            self._note.set_text(self._what_it_is())
            self._draw()

    def show_failure(self, error: Exception) -> None:
        if not isinstance(error, Problem):
            raise error
        self._note.set_text(str(error))

    def _read(self) -> Steps[TranslationRequest]:
        """Returns a request for the sample, which was read when it was shown."""
        yield from ()
        assert self._sample
        return self._sample.request(self._filter_id)

    def _resample(self) -> None:
        self._forget_sample()
        self._note.set_text("")
        try:
            layer = layers.chosen_layers(self._image, self._drawables, self._kind)[0]
            self._sample = Sample(self._image, layer, self._framing)
        except Problem as problem:
            self._note.set_text(str(problem))
        self._changed()

    def _framing(self, source: Area, drawable: tuple[int, int]) -> Frame:
        if self._detail.get_active():
            return detail_frame(source, drawable, SIDE, self._centre)
        return whole_frame(source, SIDE)

    def _pan(self, x: int, y: int) -> None:
        """Moves the picture by ``x`` and ``y`` pixels; follows the mouse only as fast as pixels can be read."""
        if self._sample is None or not self._detail.get_active():
            return
        shown = self._sample.frame.shown
        if not self._moving:
            self._centre = (shown.x + shown.width // 2, shown.y + shown.height // 2)
            self._moving = GLib.idle_add(self._moved)
        assert self._centre
        self._centre = (self._centre[0] - x, self._centre[1] - y)

    def _moved(self) -> bool:
        self._moving = 0
        self._resample()
        return False

    def _changed(self) -> None:
        """Drops the translation and asks for a new one, which is made once the artist has stopped choosing."""
        self._previewing.stop()
        if self._sample:
            self._sample.take(None)
        self._draw()
        if self._sample and self._filter_id:
            self._previewing.want(self._read)

    def _what_it_is(self) -> str:
        assert self._sample
        frame = self._sample.frame
        if not frame.whole:
            return _("Preview of a part at full size; its colours may differ from those of the whole.")
        if frame.scale >= 1:
            return _("Preview at full size")
        return _("Preview at {percent:.0f} % of the size; details will differ.").format(percent=100 * frame.scale)

    def _draw(self) -> None:
        sample = self._sample
        if sample is None:
            self._split.show_pictures(None, None, 0, 0)
        else:
            self._split.show_pictures(
                sample.shown_before(), sample.shown_after(self._look), sample.width, sample.height
            )

    def _forget_sample(self) -> None:
        if self._sample:
            self._sample.close()
            self._sample = None


def _sizes(changed: Callable[[], None]) -> tuple[Gtk.RadioButton, Gtk.RadioButton]:
    """Creates the buttons for all of the source, scaled down, and for a part of it."""
    whole = Gtk.RadioButton.new_with_mnemonic(None, _("_Whole"))
    whole.set_tooltip_text(_("Everything that is translated, scaled down"))
    detail = Gtk.RadioButton.new_with_mnemonic_from_widget(whole, _("_100 %"))
    detail.set_tooltip_text(
        _("A part at its own size; drag it with the right mouse button, or press Shift and an arrow key")
    )
    detail.connect("toggled", lambda button: changed())
    return whole, detail


def _side_by_side(*buttons: Gtk.RadioButton) -> Gtk.Box:
    """Joins the buttons into one switch."""
    row = box("horizontal", *buttons, spacing=0)
    row.get_style_context().add_class("linked")
    for button in buttons:
        button.set_mode(False)
    return row
