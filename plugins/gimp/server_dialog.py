"""The window in which a server on this machine is started, watched and stopped."""

from __future__ import annotations

from dataclasses import replace

from ..core.settings import Settings, SettingsProblem, SettingsStore
from ..core.texts import _
from . import gtk
from .gtk import GLib, Gtk, box, label
from .kept_server import KeptServer, State
from .paths import server_folder

_TICK_MILLISECONDS = 500


def run(store: SettingsStore, parent: Gtk.Window | None = None) -> bool:
    """Shows the window until it is closed; the server keeps running. Always returns True: nothing can be cancelled."""
    if parent is None:
        gtk.init()
    window = _ServerWindow(store, parent)
    window.run()
    return True


class _ServerWindow:
    def __init__(self, store: SettingsStore, parent: Gtk.Window | None) -> None:
        self._store = store
        self._server = KeptServer(server_folder())
        self._dialog = Gtk.Dialog(title=_("Local server"), transient_for=parent, modal=parent is not None)
        self._dialog.add_button(_("_Close"), Gtk.ResponseType.CLOSE)
        self._dialog.set_default_size(620, 480)
        settings = store.load()
        self._python = _Path(settings.python, _("Choose a Python interpreter"), Gtk.FileChooserAction.OPEN)
        self._filters = _Path(
            settings.filters_folder, _("Choose a folder of filters"), Gtk.FileChooserAction.SELECT_FOLDER
        )
        self._with_gimp = Gtk.CheckButton(label=_("S_top it when GIMP is closed"), use_underline=True)
        self._with_gimp.set_active(settings.stop_local_server)
        self._button = Gtk.Button(use_underline=True)
        self._button.connect("clicked", lambda button: self._clicked())
        self._said = label(selectable=True)
        self._log = Gtk.TextView(editable=False, monospace=True, cursor_visible=False)
        self._arrange()

    def run(self) -> None:
        self._show()
        timer = GLib.timeout_add(_TICK_MILLISECONDS, self._show)
        try:
            self._dialog.run()
        finally:
            GLib.source_remove(timer)
            self._save()
            self._dialog.destroy()

    def _arrange(self) -> None:
        grid = Gtk.Grid(column_spacing=12, row_spacing=6)
        for row, (text, widget) in enumerate(
            ((_("_Python with Pleinair:"), self._python), (_("Folder of _filters:"), self._filters))
        ):
            name = Gtk.Label(label=text, use_underline=True, xalign=0, mnemonic_widget=widget.entry)
            grid.attach(name, 0, row, 1, 1)
            grid.attach(widget, 1, row, 1, 1)
        why = label(
            _("The server keeps running when this window is closed. Stop it here, or let it end with GIMP."),
            dim=True,
        )
        line = box("horizontal", self._button, spacing=12)
        line.pack_start(self._said, True, True, 0)
        scrolled = Gtk.ScrolledWindow(shadow_type=Gtk.ShadowType.IN)
        scrolled.add(self._log)
        whole = box("vertical", grid, self._with_gimp, why, line, border=12, spacing=12)
        whole.pack_start(scrolled, True, True, 0)
        self._dialog.get_content_area().pack_start(whole, True, True, 0)
        whole.show_all()

    def _clicked(self) -> None:
        if self._server.state().running:
            self._server.stop()
            self._button.set_sensitive(False)
            return
        settings = self._save()
        try:
            self._server.start(settings)
        except OSError as error:
            gtk.say(
                self._dialog,
                _("The server cannot be started ({why}).").format(why=error.strerror or error),
                _("Make GIMP's configuration folder writable."),
            )
        self._show()

    def _show(self) -> bool:
        state = self._server.state()
        self._button.set_label(_("_Stop the server") if state.running else _("_Start the server"))
        self._button.set_sensitive(True)
        self._said.set_text(_sentence(state))
        text, buffer = self._server.log(), self._log.get_buffer()
        start, end = buffer.get_bounds()
        if buffer.get_text(start, end, False) != text:
            buffer.set_text(text)
            self._log.scroll_to_mark(buffer.create_mark(None, buffer.get_end_iter(), False), 0, False, 0, 0)
        return True

    def _save(self) -> Settings:
        """Saves the settings of this window and returns them; they are used even if they cannot be saved."""
        settings = replace(
            self._store.load(),
            python=self._python.text,
            filters_folder=self._filters.text,
            stop_local_server=self._with_gimp.get_active(),
        )
        try:
            self._store.save(settings)
        except SettingsProblem as problem:
            gtk.say(self._dialog, problem.sentence, problem.remedy)
        return settings


class _Path(Gtk.Box):
    """A path that can be typed or chosen."""

    def __init__(self, text: str, title: str, action: Gtk.FileChooserAction) -> None:
        super().__init__(orientation=Gtk.Orientation.HORIZONTAL, spacing=6)
        self.entry = Gtk.Entry(text=text, hexpand=True)
        button = Gtk.Button(label=_("Choose…"))
        button.connect("clicked", lambda button: self._choose(title, action))
        self.pack_start(self.entry, True, True, 0)
        self.pack_start(button, False, False, 0)

    @property
    def text(self) -> str:
        return self.entry.get_text().strip()

    def _choose(self, title: str, action: Gtk.FileChooserAction) -> None:
        chooser = Gtk.FileChooserDialog(title=title, transient_for=self.get_toplevel(), action=action)
        chooser.add_buttons(_("_Cancel"), Gtk.ResponseType.CANCEL, _("_Choose"), Gtk.ResponseType.ACCEPT)
        chooser.set_default_response(Gtk.ResponseType.ACCEPT)
        if self.text:
            chooser.set_filename(self.text)
        if chooser.run() == Gtk.ResponseType.ACCEPT:
            self.entry.set_text(chooser.get_filename() or "")
        chooser.destroy()


def _sentence(state: State) -> str:
    if state.serving:
        return _("It is running at {address}.").format(address=state.address)
    if state.running:
        return _("It is starting.")
    return " ".join(state.problem).strip() if state.problem else _("It is not running.")
