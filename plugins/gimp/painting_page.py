"""One training: what it makes of the painting by now, how long it takes, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable

from ..client.messages import Filter, TrainingPreview, TrainingState
from ..core import training_words as words
from ..core.session import Session
from ..core.settings import SettingsStore
from ..core.texts import _
from ..core.training import Trainings
from ..core.training_seen import MadeFrom
from . import apply, gtk, painting
from .gtk import GLib, Gtk, box, label
from .painting_form import Attempt
from .split import Split

SIDE = 400
_TICK_MILLISECONDS = 1000
_LOG_HEIGHT = 100  # pixels


class PaintingPage(Gtk.Box):
    def __init__(self, session: Session, store: SettingsStore, trainings: Trainings, attempt: Attempt) -> None:
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        self._session, self._store = session, store
        self._trainings, self._attempt = trainings, attempt
        self._shown: tuple[TrainingPreview | None, TrainingPreview | None] = (None, None)
        self._translating = False
        self._timer = 0
        self._split = Split(SIDE)
        self._waiting = label(dim=True)
        self._waiting.set_size_request(-1, SIDE)
        self._bar = Gtk.ProgressBar(no_show_all=True)
        self._pictures, self._state, self._time, self._losses, self._warnings, self._doing = (
            _line(dim=number == 3) for number in range(6)
        )
        self._log = Gtk.TextView(editable=False, monospace=True, cursor_visible=False, wrap_mode=Gtk.WrapMode.WORD_CHAR)
        self._log.get_accessible().set_name(_("The end of the training's log"))
        self._make_buttons()
        self._arrange()

    def set_watching(self, watching: bool) -> None:
        """The time goes on by itself while somebody looks."""
        if watching:
            self._timer = GLib.timeout_add(_TICK_MILLISECONDS, self._tick)
        else:
            GLib.source_remove(self._timer)

    def show_state(self) -> None:
        seen = self._trainings.seen
        job = seen.job
        going = job is not None and not words.ended(job)
        share = words.fraction(job) if job else None
        self._show_pictures()
        _say(self._pictures, words.pictures_line(job) if job else "")
        _say(self._state, words.state_line(job) if job else _("Looking for the training…"))
        _say(self._losses, words.losses_line(job) if job else "", small=True)
        _say(self._warnings, "\n".join(job.warnings) if job else "")
        self._bar.set_visible(going)
        self._bar.set_fraction(share or 0.0)
        self._show_log()
        self._show_buttons(going)
        self._show_time()

    def _make_buttons(self) -> None:
        trainings = self._trainings
        self._use = self._button("", lambda: trainings.use(self._translate))
        self._use.set_tooltip_text(
            _("Translates the painting's layer with what it has learned, into a new layer above")
        )
        self._stop = self._button(_("_Stop here"), trainings.stop)
        self._stop.set_tooltip_text(_("Ends the training; what it has learned becomes its filter"))
        self._cancel = self._button(_("_Cancel training…"), self._ask_to_cancel)
        self._resume = self._button(_("_Resume"), trainings.resume)
        self._resume.set_tooltip_text(_("Goes on from where it was last kept"))
        self._delete = self._button(_("_Delete…"), self._ask_to_delete)

    def _button(self, text: str, call: Callable[[], None]) -> Gtk.Button:
        button = Gtk.Button(label=text, use_underline=True, no_show_all=True)
        button.connect("clicked", lambda button: self._attempt(call))
        return button

    def _arrange(self) -> None:
        self._logs = Gtk.ScrolledWindow(shadow_type=Gtk.ShadowType.IN, no_show_all=True)
        self._logs.set_size_request(-1, _LOG_HEIGHT)
        self._log.show()
        self._logs.add(self._log)
        picture = Gtk.Stack()
        picture.add(self._waiting)
        picture.add(self._split)
        self._picture = picture
        buttons = box("horizontal", self._use, self._stop, self._resume)
        for button in (self._delete, self._cancel):
            buttons.pack_end(button, False, False, 0)
        for widget in (self._pictures, picture, self._bar, self._state, self._time, self._losses, self._warnings):
            self.pack_start(widget, False, False, 0)
        self.pack_start(self._logs, True, True, 0)
        self.pack_start(self._doing, False, False, 0)
        self.pack_end(buttons, False, False, 0)

    def _show_pictures(self) -> None:
        seen = self._trainings.seen
        before, after = seen.original, seen.preview
        if before is None or after is None:
            self._waiting.set_text(words.preview_line(seen.job))
            self._picture.set_visible_child(self._waiting)
        elif (before, after) != self._shown:
            self._split.show_files(before.png, after.png)
        if before is not None and after is not None:
            self._picture.set_visible_child(self._split)
        self._shown = (before, after)

    def _show_log(self) -> None:
        seen = self._trainings.seen
        text = "\n".join(seen.log) if seen.is_in(TrainingState.FAILED) else ""
        self._logs.set_visible(bool(text))
        buffer = self._log.get_buffer()
        if text != buffer.get_text(*buffer.get_bounds(), False):
            buffer.set_text(text)
            self._log.scroll_to_mark(buffer.create_mark(None, buffer.get_end_iter(), False), 0, False, 0, 0)

    def _show_buttons(self, going: bool) -> None:
        trainings = self._trainings
        finished = trainings.seen.is_in(TrainingState.FINISHED)
        self._use.set_label(_("Translate _with it") if finished else _("_Use now"))
        for button, visible, possible in (
            (self._use, True, trainings.can_use and not self._translating),
            (self._stop, going, trainings.can_stop),
            (self._cancel, going, trainings.can_cancel),
            (self._resume, trainings.seen.is_in(TrainingState.CANCELLED, TrainingState.FAILED), trainings.can_resume),
            (self._delete, not going and trainings.seen.job is not None, trainings.can_delete),
        ):
            button.set_visible(visible)
            button.set_sensitive(possible)
        translating = _("Translating") if self._translating else ""
        _say(self._doing, words.doing_line(trainings.doing) or translating)

    def _show_time(self) -> None:
        seen = self._trainings.seen
        if seen.job is None or self._trainings.problem is not None:  # nobody knows how it gets on
            _say(self._time, "")
        else:
            _say(self._time, words.time_line(seen.job, seen.elapsed, seen.seconds_left))

    def _tick(self) -> bool:
        self._show_time()
        return True

    def _translate(self, found: Filter, made_from: MadeFrom) -> None:
        """Outside of what has told of the filter: it takes its time, and the window goes on meanwhile."""
        if self._translating:
            return
        self._translating = True
        apply.post(lambda: self._attempt(lambda: self._translate_now(found, made_from)))

    def _translate_now(self, found: Filter, made_from: MadeFrom) -> None:
        self.show_state()
        try:
            painting.translate_source(self._session, self._store, found, made_from)
        finally:
            self._translating = False
            self.show_state()

    def _ask_to_cancel(self) -> None:
        consequence = _("What it has learned stays on the server, and it can be resumed.")
        if self._sure(_("Cancel this training?"), consequence, yes=_("_Cancel training"), no=_("_Go on training")):
            self._trainings.cancel()

    def _ask_to_delete(self) -> None:
        question = _("Delete this training and its files from the server?")
        consequence = _("A filter that was made of it stays.")
        if self._sure(question, consequence, yes=_("_Delete"), no=_("_Cancel")):
            self._trainings.delete()

    def _sure(self, question: str, consequence: str, *, yes: str, no: str) -> bool:
        return gtk.ask(self.get_toplevel(), _("Painting to photo"), question, consequence, yes=yes, no=no)


def _line(*, dim: bool) -> Gtk.Label:
    line = label(selectable=True, dim=dim)
    line.set_max_width_chars(50)
    line.set_no_show_all(True)
    return line


def _say(line: Gtk.Label, text: str, *, small: bool = False) -> None:
    if text != line.get_text():
        line.set_markup(f"<small>{GLib.markup_escape_text(text)}</small>" if small else GLib.markup_escape_text(text))
    line.set_visible(bool(text))
