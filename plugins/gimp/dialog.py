"""The window of Filters > Pleinair > Translate."""

from __future__ import annotations

from dataclasses import replace

from ..core.look import Look
from ..core.presenters.filter_list import no_filter
from ..core.session import Session
from ..core.settings import Settings, SettingsProblem, SettingsStore
from ..core.texts import _
from . import gtk
from .call import Call
from .connection_line import ConnectionLine
from .filter_list import FilterList
from .gtk import GimpUi, GObject, Gtk, box, label
from .preview import PreviewBox


def run(call: Call, session: Session, store: SettingsStore) -> bool:
    """Asks for the filter and how to apply it, and puts the answers into the call's config. Returns False on Cancel."""
    gtk.init()
    window = _TranslateWindow(call, session, store)
    try:
        return window.run()
    finally:
        window.close()


class _TranslateWindow:
    def __init__(self, call: Call, session: Session, store: SettingsStore) -> None:
        self._config, self._session, self._store = call.config, session, store
        self._dialog = GimpUi.ProcedureDialog.new(call.procedure, call.config, _("Translate"))
        self._dialog.set_ok_label(_("_Apply"))
        self._filters = FilterList(self._config.get_property("filter") or session.settings.last_filter)
        self._filters.set_size_request(400, -1)
        self._about = label(dim=True, selectable=True)
        self._about.set_max_width_chars(50)
        self._preview = PreviewBox(session, call.picture, call.drawables)
        self._status = ConnectionLine(self._dialog, session, store)
        self._arrange()
        self._listen()
        self._forget = session.add_listener(self._session_changed)

    def run(self) -> bool:
        """Shows the window until the artist has decided. Returns False on Cancel."""
        self._session.connect()
        self._session_changed()
        self._preview.show_look(self._look())
        self._preview.show_source(self._config.get_property("source"))
        return bool(self._dialog.run())

    def close(self) -> None:
        self._forget()
        self._preview.close()
        self._dialog.destroy()

    def _arrange(self) -> None:
        dialog = self._dialog
        right = box("vertical", self._preview, self._about)
        halves = box("horizontal", spacing=12)
        halves.pack_start(self._filters, True, True, 0)
        halves.pack_start(right, True, True, 0)
        source = dialog.get_widget("source", GObject.TYPE_NONE)
        strength = dialog.get_spin_scale("opacity", 1.0)
        luminance = dialog.get_widget("keep-luminance", Gtk.CheckButton)
        options = box("horizontal", source, spacing=12)
        options.pack_start(strength, True, True, 0)
        options.pack_start(luminance, False, False, 0)
        whole = box("vertical", self._status, border=12, spacing=12)
        whole.pack_start(halves, True, True, 0)
        whole.pack_start(options, False, False, 0)
        dialog.get_content_area().pack_start(whole, True, True, 0)
        whole.show_all()
        self._filters.grab_search()

    def _listen(self) -> None:
        self._filters.connect("chosen", lambda filters: self._chosen())
        self._filters.connect("applied", lambda filters: self._apply())
        self._filters.connect("starred", lambda filters, identifier, wanted: self._star(identifier, wanted))
        self._config.connect(
            "notify::source", lambda config, name: self._preview.show_source(config.get_property("source"))
        )
        for name in ("opacity", "keep-luminance"):
            self._config.connect(f"notify::{name}", lambda config, name: self._preview.show_look(self._look()))

    def _session_changed(self) -> None:
        session = self._session
        self._status.show_connection()
        self._filters.show_filters(session.filters, session.settings.favourites, no_filter(session))
        self._sensitive()

    def _chosen(self) -> None:
        chosen = self._filters.chosen
        if chosen:
            self._config.set_property("filter", chosen.id)
        self._about.set_text(chosen.description if chosen else "")
        self._preview.show_filter(chosen.id if chosen else "")
        self._sensitive()

    def _sensitive(self) -> None:
        ready = self._filters.chosen is not None and self._session.connection.kind == "connected"
        self._dialog.set_response_sensitive(Gtk.ResponseType.OK, ready)

    def _apply(self) -> None:
        button = self._dialog.get_widget_for_response(Gtk.ResponseType.OK)
        if button is not None and button.get_sensitive():
            self._dialog.response(Gtk.ResponseType.OK)

    def _star(self, identifier: str, wanted: bool) -> None:
        self._save(self._store.load().with_favourite(identifier, wanted))

    def _save(self, settings: Settings) -> None:
        """Saves the favourites; any that cannot be saved last until the window is closed."""
        try:
            self._store.save(settings)
        except SettingsProblem as problem:
            gtk.say(self._dialog, problem.sentence, problem.remedy)
        self._session.use(replace(self._session.settings, favourites=settings.favourites))

    def _look(self) -> Look:
        return Look(self._config.get_property("opacity"), self._config.get_property("keep-luminance"))
