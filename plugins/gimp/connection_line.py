"""The line in the windows that says how it stands with the server."""

from __future__ import annotations

from collections.abc import Callable

from ..core.session import Connection, Session
from ..core.settings import SettingsStore
from ..core.texts import _
from . import server_dialog, settings_dialog
from .gtk import Gtk, label

Call = Callable[[], None]


class ConnectionLine(Gtk.Box):
    """Where the server is and whether it answers; with the remedies when it does not, in windows above ``parent``."""

    def __init__(self, parent: Gtk.Window, session: Session, store: SettingsStore) -> None:
        super().__init__(orientation=Gtk.Orientation.HORIZONTAL, spacing=6)
        self._parent, self._session, self._store = parent, session, store
        self._icon = Gtk.Image()
        self._text = label()
        again, start = _("Try a_gain"), _("Start a _local server…")
        self._remedies = [_button(again, session.reconnect), _button(start, self._open_server)]
        self.pack_start(self._icon, False, False, 0)
        self.pack_start(self._text, True, True, 0)
        for button in (*self._remedies, _button(_("S_ettings…"), self._open_settings)):
            self.pack_start(button, False, False, 0)

    def show_connection(self, connection: Connection) -> None:
        icon = {"connected": "network-idle", "failed": "dialog-warning"}.get(connection.kind, "network-transmit")
        self._icon.set_from_icon_name(icon, Gtk.IconSize.BUTTON)
        self._text.set_text(f"{connection.sentence} {connection.remedy}".strip())
        for button in self._remedies:
            button.set_visible(connection.kind == "failed")

    def _open_settings(self) -> None:
        if settings_dialog.run(self._store, parent=self._parent):
            self._session.use(self._store.load())

    def _open_server(self) -> None:
        server_dialog.run(self._store, parent=self._parent)
        self._session.use(self._store.load())
        self._session.reconnect()


def _button(text: str, clicked: Call) -> Gtk.Button:
    button = Gtk.Button(label=text, use_underline=True)
    button.set_valign(Gtk.Align.CENTER)
    button.connect("clicked", lambda button: clicked())
    return button
