"""The line in the windows that says how it stands with the server."""

from __future__ import annotations

from collections.abc import Callable

from ..core.session import Connection
from ..core.texts import _
from .gtk import Gtk, label

Call = Callable[[], None]


class ConnectionLine(Gtk.Box):  # type: ignore[misc]
    """Where the server is and whether it answers; with the remedies when it does not."""

    def __init__(self, settings: Call, start: Call, again: Call) -> None:
        super().__init__(orientation=Gtk.Orientation.HORIZONTAL, spacing=6)
        self._icon = Gtk.Image()
        self._text = label()
        self._remedies = [_button(_("Try a_gain"), again), _button(_("Start a _local server…"), start)]
        self.pack_start(self._icon, False, False, 0)
        self.pack_start(self._text, True, True, 0)
        for button in (*self._remedies, _button(_("S_ettings…"), settings)):
            self.pack_start(button, False, False, 0)

    def show_connection(self, connection: Connection) -> None:
        icon = {"connected": "network-idle", "failed": "dialog-warning"}.get(connection.kind, "network-transmit")
        self._icon.set_from_icon_name(icon, Gtk.IconSize.BUTTON)
        self._text.set_text(f"{connection.sentence} {connection.remedy}".strip())
        for button in self._remedies:
            button.set_visible(connection.kind == "failed")


def _button(text: str, clicked: Call) -> Gtk.Button:
    button = Gtk.Button(label=text, use_underline=True)
    button.set_valign(Gtk.Align.CENTER)
    button.connect("clicked", lambda button: clicked())
    return button
