"""The window that goes through the set-up and names the step that fails."""

from __future__ import annotations

import threading
import traceback

from gi.repository import Gimp

from ..core.checkup import Check, run_checks
from ..core.diagnostics import report
from ..core.session import Session
from ..core.settings import Settings
from ..core.texts import _
from . import gtk
from .gtk import Gdk, GLib, Gtk, box, label
from .steps import post


def run(settings: Settings, parent: Gtk.Window | None = None) -> bool:
    """Shows the window until it is closed. Always returns True: there is nothing to cancel."""
    if parent is None:
        gtk.init()
    _CheckWindow(settings, parent).run()
    return True


class _CheckWindow:
    def __init__(self, settings: Settings, parent: Gtk.Window | None) -> None:
        self._settings = settings
        self._session = Session(settings, post)
        self._found: list[str] = []
        self._closed = False
        self._dialog = Gtk.Dialog(title=_("Check set-up"), transient_for=parent, modal=parent is not None)
        copy = Gtk.Button(label=_("Copy a _report"), use_underline=True)
        copy.set_tooltip_text(
            _("For someone who helps you: what this window finds, and your settings without the token.")
        )
        copy.connect("clicked", lambda button: self._copy())
        self._dialog.get_action_area().pack_start(copy, False, False, 0)
        copy.show()
        self._dialog.add_button(_("_Close"), Gtk.ResponseType.CLOSE)
        self._dialog.set_default_size(520, 320)
        self._steps = box("vertical", border=12, spacing=12)
        self._spinner = Gtk.Spinner(active=True)
        self._dialog.get_content_area().pack_start(self._steps, True, True, 0)
        self._dialog.get_content_area().pack_start(self._spinner, False, False, 12)
        self._dialog.get_content_area().show_all()

    def run(self) -> None:
        self._session.connect()
        threading.Thread(target=self._work, daemon=True).start()
        self._dialog.run()
        self._closed = True
        self._session.close()
        self._dialog.destroy()

    def _work(self) -> None:
        try:
            for check in run_checks(self._settings):
                GLib.idle_add(self._add, check)
        except Exception:  # a bug of ours, with which the thread would end silently
            GLib.idle_add(self._fail, traceback.format_exc())
        finally:
            GLib.idle_add(self._end)

    def _add(self, check: Check) -> bool:
        if not self._closed:
            self._found.append(check.line)
            self._show(_step(check))
        return False

    def _fail(self, trace: str) -> bool:
        if not self._closed:
            self._found.append(trace)
            self._show(label(_("The check itself failed; see the report."), selectable=True))
        return False

    def _show(self, step: Gtk.Widget) -> None:
        self._steps.pack_start(step, False, False, 0)
        step.show_all()

    def _copy(self) -> None:
        clipboard = Gtk.Clipboard.get(Gdk.SELECTION_CLIPBOARD)
        clipboard.set_text(report(f"GIMP {Gimp.version()}", self._session, self._found), -1)
        clipboard.store()  # so that the text outlives this process

    def _end(self) -> bool:
        if not self._closed:
            self._spinner.hide()
        return False


def _step(check: Check) -> Gtk.Box:
    sign = Gtk.Label(valign=Gtk.Align.START)
    sign.set_markup(f"<big><b>{'✓' if check.passed else '✗'}</b></big>")
    sign.get_accessible().set_name(_("Passed") if check.passed else _("Failed"))
    name = Gtk.Label(xalign=0, wrap=True)
    name.set_markup(f"<b>{GLib.markup_escape_text(check.name)}</b>")
    words = box("vertical", name, spacing=2)
    for text in (check.sentence, check.remedy):
        if text:
            words.pack_start(label(text, selectable=True), False, False, 0)
    step = box("horizontal", sign, spacing=12)
    step.pack_start(words, True, True, 0)
    return step
