"""What each procedure does. A run returns False when the artist cancelled it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Union

from gi.repository import Gimp

from ..core.kept_results import ResultStore
from ..core.look import Look
from ..core.problems import Problem
from ..core.session import Session
from ..core.settings import Settings, SettingsStore
from ..core.stored_results import number_of, numbered
from ..core.texts import _
from . import apply, keeping, layers, paths, restoring
from .call import Call
from .steps import post

# If a run returns a text, the procedure returns it to scripts.
Run = Callable[[Call], Union[bool, str]]


def translate(call: Call) -> bool:
    """Translates layers: as chosen in the dialog, as the last time for "repeat", or as a script's arguments say."""
    store = SettingsStore(call.folder)
    settings = _addressed(store.load(), call.config.get_property("address"))
    with _session(settings) as session:
        if call.interactive and not _asked(call, session, store):
            return False
        options = _options(call.config)
        if call.mode == Gimp.RunMode.NONINTERACTIVE:
            apply.translate(session, call.picture, call.drawables, options)
        else:
            keeping.translate_and_keep(session, store, call.picture, call.drawables, options)
    return True


def results(call: Call) -> bool:
    """Inserts a past result into the picture: the one that the artist chooses, or that of the argument ``number``."""
    store = ResultStore(paths.results_folder())
    layers.check_editable(call.picture)
    if call.interactive:
        from . import results_dialog

        chosen = results_dialog.run(store)
        if chosen:  # "repeat" takes the same one
            call.config.set_property("number", number_of(store, chosen))
    else:
        chosen = numbered(store, call.config.get_property("number"))
    if chosen is None:
        return False
    restoring.insert_again(store, call.picture, chosen)
    return True


def painting(call: Call) -> str:
    """Starts a training for a script and returns its identifier. Otherwise opens the window, even for "repeat": nobody
    wants to start the same training again by pressing a key."""
    from . import painting

    store = SettingsStore(call.folder)
    settings = _addressed(store.load(), call.config.get_property("address"))
    if call.mode == Gimp.RunMode.NONINTERACTIVE:
        return painting.start(settings, painting.wish_from(call.config, call.image, call.drawables, settings))
    from . import painting_dialog

    with _session(settings) as session:
        return painting_dialog.run(call, session, store)


def settings(call: Call) -> bool:
    """Opens the window for the address, the token, encryption, and whether results are kept."""
    _need_display(call)
    from . import settings_dialog

    return settings_dialog.run(SettingsStore(call.folder))


def local_server(call: Call) -> bool:
    """Opens the window that starts, shows and stops a server, which outlives this plug-in's process."""
    _need_display(call)
    from . import server_dialog

    return server_dialog.run(SettingsStore(call.folder))


def check(call: Call) -> bool:
    """Opens the window that goes through the set-up and names the step that fails."""
    _need_display(call)
    from . import check_dialog

    return check_dialog.run(SettingsStore(call.folder).load())


def _asked(call: Call, session: Session, store: SettingsStore) -> bool:
    """Shows the dialog if there is something to translate, else raises Problem. Returns False on Cancel."""
    layers.chosen_layers(call.picture, call.drawables, layers.LAYER)
    from . import dialog

    return dialog.run(call, session, store)


def _options(config: Gimp.ProcedureConfig) -> apply.Options:
    return apply.Options(
        filter_id=config.get_property("filter"),
        kind=config.get_property("source"),
        look=Look(config.get_property("opacity"), config.get_property("keep-luminance")),
    )


def _addressed(settings: Settings, address: str) -> Settings:
    """Returns the settings with another address, if one is given, and then without the token and the certificate, which
    are only for the server of the settings."""
    if not address or address == settings.address:
        return settings
    return replace(settings, address=address, token="", tls=False, fingerprint="")


@contextmanager
def _session(settings: Settings) -> Iterator[Session]:
    session = Session(settings, post)
    try:
        yield session
    finally:
        session.close()


def _need_display(call: Call) -> None:
    if not call.interactive:
        raise Problem(_("This procedure opens a window and cannot run without one."), _("Call it interactively."))
