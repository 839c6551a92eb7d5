"""The page of one training: a preview of its filter, how long it takes, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable

from ..client.messages import Filter, TrainingPreview
from ..core.presenters.training_buttons import Button
from ..core.presenters.training_page import Question, ShownTraining, TrainingPagePresenter
from ..core.session import Session
from ..core.settings import SettingsStore
from ..core.texts import _
from ..core.training import Trainings
from ..core.training_seen import MadeFrom
from . import gtk, painting
from .gtk import GLib, Gtk, box, label
from .painting_form import Attempt
from .split import Split
from .steps import post

SIDE = 400
_TICK_MILLISECONDS = 1000
_LOG_HEIGHT = 100  # pixels


class PaintingPage(Gtk.Box):
    def __init__(self, session: Session, store: SettingsStore, trainings: Trainings, attempt: Attempt) -> None:
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        self._session, self._store = session, store
        self._presenter = TrainingPagePresenter(trainings, self._sure, self._translate)
        self._attempt = attempt
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
        presenter = self._presenter
        self._use, self._stop, self._cancel, self._resume, self._delete = (
            self._button(call)
            for call in (presenter.use, presenter.stop, presenter.cancel, presenter.resume, presenter.delete)
        )
        self._arrange()

    def set_watching(self, watching: bool) -> None:
        """Updates the displayed time every second while ``watching``, that is, while the page is visible."""
        if watching:
            self._timer = GLib.timeout_add(_TICK_MILLISECONDS, self._tick)
        else:
            GLib.source_remove(self._timer)

    def show_state(self) -> None:
        shown = self._presenter.shown(busy=self._translating, translation=_("Translating") if self._translating else "")
        self._show_pictures(shown)
        _say(self._pictures, shown.pictures)
        _say(self._state, shown.state)
        _say(self._losses, shown.losses, small=True)
        _say(self._warnings, shown.warnings)
        _say(self._doing, shown.doing)
        self._bar.set_visible(shown.going)
        self._bar.set_fraction(shown.share or 0.0)
        self._show_log(shown.log)
        for button, how in (
            (self._use, shown.buttons.use),
            (self._stop, shown.buttons.stop),
            (self._cancel, shown.buttons.cancel),
            (self._resume, shown.buttons.resume),
            (self._delete, shown.buttons.delete),
        ):
            _give(button, how)
        self._show_time()

    def _button(self, call: Callable[[], None]) -> Gtk.Button:
        button = Gtk.Button(use_underline=True, no_show_all=True)
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

    def _show_pictures(self, shown: ShownTraining) -> None:
        before, after = shown.before, shown.after
        if before is None or after is None:
            self._waiting.set_text(shown.waiting)
            self._picture.set_visible_child(self._waiting)
        elif (before, after) != self._shown:
            self._split.show_files(before.png, after.png)
        if before is not None and after is not None:
            self._picture.set_visible_child(self._split)
        self._shown = (before, after)

    def _show_log(self, text: str) -> None:
        self._logs.set_visible(bool(text))
        buffer = self._log.get_buffer()
        if text != buffer.get_text(*buffer.get_bounds(), False):
            buffer.set_text(text)
            self._log.scroll_to_mark(buffer.create_mark(None, buffer.get_end_iter(), False), 0, False, 0, 0)

    def _show_time(self) -> None:
        _say(self._time, self._presenter.time)

    def _tick(self) -> bool:
        self._show_time()
        return True

    def _translate(self, found: Filter, made_from: MadeFrom) -> None:
        """Translates after the callback that brought the filter: it takes a while, and the window stays alive."""
        if self._translating:
            return
        self._translating = True
        post(lambda: self._attempt(lambda: self._translate_now(found, made_from)))

    def _translate_now(self, found: Filter, made_from: MadeFrom) -> None:
        self.show_state()
        try:
            painting.translate_source(self._session, self._store, found, made_from)
        finally:
            self._translating = False
            self.show_state()

    def _sure(self, asked: Question) -> bool:
        title = _("Painting to photo")
        return gtk.ask(self.get_toplevel(), title, asked.sentence, asked.consequence, yes=asked.yes, no=asked.no)


def _give(button: Gtk.Button, how: Button) -> None:
    if how.text != button.get_label():  # setting the same text would rebuild the label
        button.set_label(how.text)
    button.set_tooltip_text(how.tip or None)
    button.set_visible(how.visible)
    button.set_sensitive(how.enabled)


def _line(*, dim: bool) -> Gtk.Label:
    line = label(selectable=True, dim=dim)
    line.set_max_width_chars(50)
    line.set_no_show_all(True)
    return line


def _say(line: Gtk.Label, text: str, *, small: bool = False) -> None:
    if text != line.get_text():
        line.set_markup(f"<small>{GLib.markup_escape_text(text)}</small>" if small else GLib.markup_escape_text(text))
    line.set_visible(bool(text))
