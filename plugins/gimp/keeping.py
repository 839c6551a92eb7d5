"""A translation that the artist asked for: what was used is offered the next time, and what was made is kept."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from gi.repository import Gimp

from ..core.kept_results import ResultStore
from ..core.session import Session
from ..core.settings import SettingsProblem, SettingsStore
from ..core.steps import Steps
from ..core.translating import Made
from . import apply, paths, restoring


def translate_and_keep(
    session: Session, store: SettingsStore, image: Gimp.Image, drawables: list[Gimp.Drawable], options: apply.Options
) -> None:
    """Raises Problem; the picture is then as it was."""

    def remember(made: Sequence[Made]) -> Steps[None]:
        yield from ()
        # The result is in the picture; that the choice cannot be kept is no reason to say that it failed.
        with suppress(SettingsProblem):
            store.save(store.load().used(options.filter_id))
        if store.load().keep_results:  # it may have been changed from the dialog
            restoring.keep(ResultStore(paths.results_folder()), image, made)

    apply.translate(session, image, drawables, options, remember)
