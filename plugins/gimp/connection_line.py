"""The line in the windows that shows the state of the connection to the server."""

from __future__ import annotations

from collections.abc import Callable

from ..core.presenters.connection import ConnectionPresenter, FindProblem
from ..core.session import Session
from ..core.settings import SettingsStore
from ..core.texts import _
from . import server_dialog, settings_dialog
from .gtk import Gtk, label

Call = Callable[[], None]


class ConnectionLine(Gtk.Box):
    """Says where the server is and whether it answers, and offers help when it does not. Opens windows above
    ``parent``; ``problem`` is as in ConnectionPresenter."""

    def __init__(
        self, parent: Gtk.Window, session: Session, store: SettingsStore, problem: FindProblem = lambda: None
    ) -> None:
        super().__init__(orientation=Gtk.Orientation.HORIZONTAL, spacing=6)
        self._parent, self._store = parent, store
        self._presenter = ConnectionPresenter(session, problem)
        self._icon = Gtk.Image()
        self._text = label()
        again, start = _("Try a_gain"), _("Start a _local server…")
        self._remedies = [_button(again, self._presenter.try_again), _button(start, self._open_server)]
        self.pack_start(self._icon, False, False, 0)
        self.pack_start(self._text, True, True, 0)
        for button in (*self._remedies, _button(_("S_ettings…"), self._open_settings)):
            self.pack_start(button, False, False, 0)

    def show_connection(self) -> None:
        """Updates the line to the connection as it is now."""
        shown = self._presenter.shown
        icon = {"connected": "network-idle", "failed": "dialog-warning"}.get(shown.kind, "network-transmit")
        self._icon.set_from_icon_name(icon, Gtk.IconSize.BUTTON)
        self._text.set_text(shown.line)
        for button in self._remedies:
            button.set_visible(shown.needs_help)

    def _open_settings(self) -> None:
        if settings_dialog.run(self._store, parent=self._parent):
            self._presenter.heed(self._store.load())

    def _open_server(self) -> None:
        server_dialog.run(self._store, parent=self._parent)
        self._presenter.heed(self._store.load(), started_server=True)


def _button(text: str, clicked: Call) -> Gtk.Button:
    button = Gtk.Button(label=text, use_underline=True)
    button.set_valign(Gtk.Align.CENTER)
    button.connect("clicked", lambda button: clicked())
    return button
