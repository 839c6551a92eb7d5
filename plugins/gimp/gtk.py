"""GTK in the versions that GIMP brings, and small helpers. Imported only where there is a display."""

from __future__ import annotations

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("Gdk", "3.0")
gi.require_version("GdkPixbuf", "2.0")
gi.require_version("Pango", "1.0")
gi.require_version("GimpUi", "3.0")
from gi.repository import Gdk, GdkPixbuf, GimpUi, Gio, GLib, GObject, Gtk, Pango  # noqa: E402

__all__ = [
    "GLib",
    "GObject",
    "Gdk",
    "GdkPixbuf",
    "GimpUi",
    "Gio",
    "Gtk",
    "Pango",
    "ask",
    "box",
    "init",
    "label",
    "plain",
    "say",
]

GAP = 6
BINARY = "pleinair"


def init() -> None:
    """Initialises GTK. Call it once in a process, before the first window."""
    GimpUi.init(BINARY)


def box(orientation: str, *children: Gtk.Widget, border: int = 0, spacing: int = GAP) -> Gtk.Box:
    """Creates a box with its children one after another, each as large as it needs."""
    made = Gtk.Box(
        orientation=Gtk.Orientation.VERTICAL if orientation == "vertical" else Gtk.Orientation.HORIZONTAL,
        spacing=spacing,
        border_width=border,
    )
    for child in children:
        made.pack_start(child, False, False, 0)
    return made


def label(text: str = "", *, wrap: bool = True, dim: bool = False, selectable: bool = False) -> Gtk.Label:
    made = Gtk.Label(label=text, xalign=0, wrap=wrap, selectable=selectable)
    made.set_line_wrap_mode(Pango.WrapMode.WORD_CHAR)
    if dim:
        made.get_style_context().add_class("dim-label")
    return made


def plain(widget: Gtk.Widget) -> None:
    """Makes a widget's background transparent: GIMP's theme gives some widgets a background of their own."""
    provider = Gtk.CssProvider()
    provider.load_from_data(b"* { background: transparent; }")
    widget.get_style_context().add_provider(provider, Gtk.STYLE_PROVIDER_PRIORITY_APPLICATION)


def say(parent: Gtk.Window | None, sentence: str, remedy: str = "") -> None:
    """Shows a sentence, and what to do, in a window of its own until it is closed."""
    window = Gtk.MessageDialog(
        transient_for=parent,
        modal=True,
        message_type=Gtk.MessageType.WARNING,
        buttons=Gtk.ButtonsType.CLOSE,
        text=sentence,
        secondary_text=remedy or None,
    )
    window.run()
    window.destroy()


def ask(parent: Gtk.Window, title: str, question: str, consequence: str, *, yes: str, no: str) -> bool:
    """Asks a question in a window of its own. Returns whether the artist pressed the button ``yes``."""
    window = Gtk.MessageDialog(
        title=title,
        transient_for=parent,
        modal=True,
        message_type=Gtk.MessageType.QUESTION,
        text=question,
        secondary_text=consequence,
    )
    window.add_buttons(no, Gtk.ResponseType.CANCEL, yes, Gtk.ResponseType.OK)
    answer = window.run()
    window.destroy()
    return bool(answer == Gtk.ResponseType.OK)
