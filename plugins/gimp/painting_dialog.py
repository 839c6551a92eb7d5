"""The window of Filters > Pleinair > Painting to photo, which trains a filter from the artist's layer."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress

from ..core.presenters.training_list import TrainingListPresenter
from ..core.problems import Problem
from ..core.session import Session
from ..core.settings import Settings, SettingsProblem, SettingsStore
from ..core.texts import _
from ..core.training import Trainings
from . import gtk
from .call import Call
from .connection_line import ConnectionLine
from .gtk import Gtk, box, label
from .message_bar import MessageBar
from .painting_form import PaintingForm
from .painting_page import PaintingPage
from .training_list import TrainingList


def run(call: Call, session: Session, store: SettingsStore) -> str:
    """Shows the window until it is closed. Returns the identifier of the training shown last, empty for none."""
    gtk.init()
    window = _PaintingWindow(call, session, store)
    try:
        return window.run()
    finally:
        window.close()


class _PaintingWindow:
    """The window. Trainings continue after it is closed."""

    def __init__(self, call: Call, session: Session, store: SettingsStore) -> None:
        self._session, self._store = session, store
        self._sources: dict[str, str] = {}
        self._trainings = Trainings(session, self._remember)
        self._sources[self._trainings.followed] = self._trainings.source
        self._failure: tuple[str, str] | None = None
        self._dialog = Gtk.Dialog(title=_("Painting to photo"))
        self._dialog.add_button(_("Cl_ose"), Gtk.ResponseType.CLOSE)
        self._status = ConnectionLine(self._dialog, session, store, lambda: self._trainings.problem)
        self._messages = MessageBar()
        self._list = TrainingList(
            TrainingListPresenter(self._trainings, lambda one: self._trainings.follow(one, self._sources.get(one, "")))
        )
        self._form = PaintingForm(call.image, call.drawables, self._trainings, self._settings, self._attempt)
        self._page = PaintingPage(session, store, self._trainings, self._attempt)
        self._pages = Gtk.Stack()
        self._pages.add(self._form)
        self._pages.add(self._page)
        self._arrange()

    def run(self) -> str:
        forgets = [owner.add_listener(self._show) for owner in (self._session, self._trainings)]
        self._session.connect()
        self._trainings.open()
        self._show()
        if not self._trainings.followed:
            self._form.grab_first()
        self._page.set_watching(True)
        self._dialog.run()
        self._page.set_watching(False)
        for forget in forgets:
            forget()
        return self._trainings.followed

    def close(self) -> None:
        self._trainings.end()
        self._dialog.destroy()

    def _arrange(self) -> None:
        halves = box("horizontal", self._list, spacing=12)
        halves.pack_start(self._pages, True, True, 0)
        note = label(
            _(
                "Trainings continue when this window or GIMP is closed. A server that ends with GIMP "
                "resumes them when it starts."
            ),
            dim=True,
        )
        note.set_max_width_chars(60)
        whole = box("vertical", self._status, self._messages, border=12, spacing=12)
        whole.pack_start(halves, True, True, 0)
        whole.pack_start(note, False, False, 0)
        self._dialog.get_content_area().pack_start(whole, True, True, 0)
        whole.show_all()

    def _show(self) -> None:
        trainings = self._trainings
        self._status.show_connection()
        self._list.show_trainings()
        self._pages.set_visible_child(self._page if trainings.followed else self._form)
        self._form.show_state()
        self._page.show_state()
        if trainings.failure is not self._failure:
            self._failure = trainings.failure
            self._messages.show_message(" ".join(trainings.failure or ()))

    def _attempt(self, call: Callable[[], None]) -> None:
        """Runs ``call``, and shows in the window what goes wrong."""
        self._messages.show_message("")
        try:
            call()
        except Problem as problem:
            self._messages.show_message(str(problem))
        except Exception as error:  # a bug of ours, of which GTK would show nothing
            sys.excepthook(type(error), error, error.__traceback__)
            self._messages.show_message(
                _("The plug-in failed ({error}). For details, start GIMP in a terminal.").format(
                    error=type(error).__name__
                )
            )

    def _remember(self, training: str, source: str) -> None:
        self._sources[training] = source
        self._save(lambda kept: kept.following(training, source))

    def _settings(self, change: Callable[[Settings], Settings] | None = None) -> Settings:
        """Returns the settings, after making and saving ``change``, if there is one."""
        if change is not None:
            self._save(change)
        return self._store.load()

    def _save(self, change: Callable[[Settings], Settings]) -> None:
        # A choice that cannot be saved lasts until the window is closed; the training itself is on the server.
        with suppress(SettingsProblem):
            self._store.save(change(self._store.load()))
