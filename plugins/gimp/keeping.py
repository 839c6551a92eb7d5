"""A translation that the artist asked for: its filter is offered the next time, and its results are kept."""

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
    """Translates layers; remembers the filter and, if wanted, the results. Raises Problem
    and leaves the picture as it was."""

    def remember(made: Sequence[Made]) -> Steps[None]:
        yield from ()
        # The result is in the picture; not being able to save the choice does not make it a failure.
        with suppress(SettingsProblem):
            store.save(store.load().used(options.filter_id))
        if store.load().keep_results:  # the artist may have changed it from the dialog
            restoring.keep(ResultStore(paths.results_folder()), image, made)

    apply.translate(session, image, drawables, options, remember)
