"""What each procedure does. A run gives True when it was done and False when the artist thought better of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gi.repository import Gimp

from ..core.kept_results import ResultStore
from ..core.session import Session
from ..core.settings import Settings, SettingsProblem, SettingsStore
from ..core.texts import _
from . import apply, layers, paths, restoring
from .layers import Look
from .problems import Problem

Run = Callable[["Call"], bool]


@dataclass(frozen=True)
class Call:
    """One call of a procedure, as GIMP made it."""

    procedure: Any
    mode: Any
    image: Any
    drawables: list[Any]
    config: Any
    folder: Path

    @property
    def interactive(self) -> bool:
        return bool(self.mode == Gimp.RunMode.INTERACTIVE)


def translate(call: Call) -> bool:
    """With the dialog when a person calls it; with the last values for "repeat"; with the arguments for scripts."""
    store = SettingsStore(call.folder)
    settings = _addressed(store.load(), call.config.get_property("address"))
    with _session(settings) as session:
        if call.interactive and not _asked(call, session, store):
            return False
        options = _options(call.config)
        made = apply.translate(session, call.image, call.drawables, options)
    if call.mode != Gimp.RunMode.NONINTERACTIVE:  # a script's pictures would push out the artist's
        _remember(store, options.filter_id)
        if store.load().keep_results:  # it may have been changed from the dialog
            restoring.keep(ResultStore(paths.results_folder()), call.image, made, options.look)
    return True


def results(call: Call) -> bool:
    """Puts a result of the past into the picture: the one that the artist chooses, or the one of this number."""
    store = ResultStore(paths.results_folder())
    layers.check_editable(call.image)
    if call.interactive:
        from . import results_dialog

        chosen = results_dialog.run(store)
        if chosen:  # "repeat" takes the same one
            call.config.set_property("number", restoring.number_of(store, chosen))
    else:
        chosen = restoring.numbered(store, call.config.get_property("number"))
    if chosen is None:
        return False
    restoring.insert_again(store, call.image, chosen)
    return True


def settings(call: Call) -> bool:
    """Address, token, encryption and the local server's place."""
    _need_display(call)
    from . import settings_dialog

    return settings_dialog.run(SettingsStore(call.folder))


def local_server(call: Call) -> bool:
    """Starts, shows and stops a server that outlives this plug-in's process."""
    _need_display(call)
    from . import server_dialog

    return server_dialog.run(SettingsStore(call.folder))


def check(call: Call) -> bool:
    """Names the step that fails."""
    _need_display(call)
    from . import check_dialog

    return check_dialog.run(SettingsStore(call.folder).load())


def _asked(call: Call, session: Session, store: SettingsStore) -> bool:
    """Not before it is sure that there is something to translate."""
    layers.chosen_layers(call.image, call.drawables, layers.LAYER)
    from . import dialog

    return dialog.run(call, session, store)


def _options(config: Any) -> apply.Options:
    return apply.Options(
        filter_id=config.get_property("filter"),
        kind=config.get_property("source"),
        look=Look(config.get_property("opacity"), config.get_property("keep-luminance")),
    )


def _addressed(settings: Settings, address: str) -> Settings:
    """The token and the certificate are for the server of the settings alone."""
    if not address or address == settings.address:
        return settings
    return replace(settings, address=address, token="", tls=False, fingerprint="")


@contextmanager
def _session(settings: Settings) -> Iterator[Session]:
    session = Session(settings, apply.post)
    try:
        yield session
    finally:
        session.close()


def _remember(store: SettingsStore, filter_id: str) -> None:
    # The result is in the picture; that the choice cannot be kept is no reason to say that it failed.
    with suppress(SettingsProblem):
        store.save(store.load().used(filter_id))


def _need_display(call: Call) -> None:
    if not call.interactive:
        raise Problem(_("This procedure opens a window."), _("Call it interactively."))
