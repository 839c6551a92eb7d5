"""The bar that says what went wrong in a window, until the artist closes it."""

from __future__ import annotations

from .gtk import Gtk, label


class MessageBar(Gtk.InfoBar):
    def __init__(self) -> None:
        super().__init__(message_type=Gtk.MessageType.WARNING, show_close_button=True, no_show_all=True)
        self._text = label(selectable=True)
        self._text.show()
        self.get_content_area().pack_start(self._text, True, True, 0)
        self.connect("response", lambda bar, answer: self.hide())

    def show_message(self, text: str) -> None:
        """Shows a text; an empty one hides the bar."""
        self._text.set_text(text)
        self.set_visible(bool(text))
