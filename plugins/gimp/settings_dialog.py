"""The settings window: where the server is, how it is reached, and whether results are kept."""

from __future__ import annotations

import threading
from dataclasses import replace

from ..client import ClientError, server_fingerprint
from ..core.kept_results import CAP_BYTES
from ..core.settings import Settings, SettingsProblem, SettingsStore
from ..core.texts import _, told
from . import check_dialog, gtk
from .gtk import GLib, Gtk, box, label


def run(store: SettingsStore, parent: Gtk.Window | None = None) -> bool:
    """Shows the window. Returns True when the artist has saved the settings."""
    if parent is None:
        gtk.init()
    window = _SettingsWindow(store, parent)
    try:
        return window.run()
    finally:
        window.close()


class _SettingsWindow:
    def __init__(self, store: SettingsStore, parent: Gtk.Window | None) -> None:
        self._store = store
        self._before = store.load()
        self._closed = False
        self._dialog = Gtk.Dialog(title=_("Pleinair settings"), transient_for=parent, modal=parent is not None)
        self._dialog.add_buttons(_("_Cancel"), Gtk.ResponseType.CANCEL, _("_Save"), Gtk.ResponseType.OK)
        self._dialog.set_default_response(Gtk.ResponseType.OK)
        self._address = _entry(self._before.address)
        self._token = _entry(self._before.token, secret=True)
        self._tls = Gtk.CheckButton(label=_("_Encrypt the connection"), use_underline=True)
        self._tls.set_active(self._before.tls)
        self._fingerprint = _entry(self._before.fingerprint)
        self._fetch = Gtk.Button(label=_("Ask the ser_ver"), use_underline=True)
        self._keep = Gtk.CheckButton(label=_("_Keep results, to insert them again"), use_underline=True)
        self._keep.set_active(self._before.keep_results)
        self._keep.set_tooltip_text(
            _("The newest ones, at most {megabytes} MB, in GIMP's own folder. Results… in the menu shows them.").format(
                megabytes=CAP_BYTES >> 20
            )
        )
        self._warning = label()
        self._note = label(store.note, dim=True)
        self._listen()
        self._arrange()
        self._show()

    def run(self) -> bool:
        """Shows the window until the settings are saved or the artist cancels. Returns whether they are saved."""
        while self._dialog.run() == Gtk.ResponseType.OK:
            try:
                self._store.save(self._chosen())
                return True
            except SettingsProblem as problem:
                gtk.say(self._dialog, problem.sentence, problem.remedy)
        return False

    def close(self) -> None:
        self._closed = True
        self._dialog.destroy()

    def _listen(self) -> None:
        self._tls.connect("toggled", lambda button: self._show())
        self._address.connect("changed", lambda entry: self._show())
        self._fetch.connect("clicked", lambda button: self._ask())

    def _arrange(self) -> None:
        grid = Gtk.Grid(column_spacing=12, row_spacing=6)
        certificate = box("horizontal")
        certificate.pack_start(self._fingerprint, True, True, 0)
        certificate.pack_start(self._fetch, False, False, 0)
        rows: tuple[tuple[str, Gtk.Widget, Gtk.Widget], ...] = (
            (_("_Address:"), self._address, self._address),
            (_("_Token:"), self._token, self._token),
            ("", self._tls, self._tls),
            (_("Certificate's _fingerprint:"), certificate, self._fingerprint),
            ("", self._keep, self._keep),
        )
        for row, (text, widget, target) in enumerate(rows):
            name = Gtk.Label(label=text, use_underline=True, xalign=0, mnemonic_widget=target)
            grid.attach(name, 0, row, 1, 1)
            grid.attach(widget, 1, row, 1, 1)
        check = Gtk.Button(label=_("Check set-_up…"), use_underline=True, halign=Gtk.Align.START)
        check.connect("clicked", lambda button: check_dialog.run(self._chosen(), parent=self._dialog))
        whole = box("vertical", grid, self._warning, self._note, check, border=12, spacing=12)
        self._dialog.get_content_area().pack_start(whole, True, True, 0)
        whole.show_all()
        self._note.set_visible(bool(self._store.note))

    def _chosen(self) -> Settings:
        return replace(
            self._store.load(),
            address=self._address.get_text().strip(),
            token=self._token.get_text().strip(),
            tls=self._tls.get_active(),
            fingerprint=self._fingerprint.get_text().strip(),
            keep_results=self._keep.get_active(),
        )

    def _show(self) -> None:
        encrypted = self._tls.get_active()
        self._fingerprint.set_sensitive(encrypted)
        self._fetch.set_sensitive(encrypted)
        try:
            readable = not encrypted and not self._chosen().endpoint.is_loopback
            text = _("Anything sent to this server can be read on the way; encrypt the connection.") if readable else ""
        except ClientError as error:
            text = " ".join(told(error))
        self._warn(text)

    def _warn(self, text: str) -> None:
        self._warning.set_text(text)
        self._warning.set_visible(bool(text))

    def _ask(self) -> None:
        """Asks the server for its certificate on a thread, since the answer may take a while."""
        address = self._address.get_text().strip()
        self._fetch.set_sensitive(False)
        threading.Thread(target=self._asked, args=(address,), daemon=True).start()

    def _asked(self, address: str) -> None:
        try:
            answer, problem = server_fingerprint(address), ("", "")
        except ClientError as error:
            answer, problem = "", told(error)
        GLib.idle_add(self._answered, answer, problem)

    def _answered(self, fingerprint: str, problem: tuple[str, str]) -> bool:
        if self._closed:
            return False
        self._fetch.set_sensitive(True)
        if not fingerprint:
            gtk.say(self._dialog, *problem)
            return False
        self._fingerprint.set_text(fingerprint)
        self._warn(
            _(
                "Compare this fingerprint with the one that the server printed when it started, and save "
                "it if they match."
            )
        )
        return False


def _entry(text: str, *, secret: bool = False) -> Gtk.Entry:
    entry = Gtk.Entry(text=text, hexpand=True, activates_default=True, width_chars=44)
    if secret:
        entry.set_visibility(False)
        entry.set_input_purpose(Gtk.InputPurpose.PASSWORD)
    return entry
