"""Results on disk: what is noted with a result's pixels, and how it is found again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from .host import Document
from .kept_results import Kept, ResultStore, Thumbnail
from .look import Look
from .origins import origin_from
from .pixels import Pixels
from .problems import Problem
from .restoring import PastResult, entry_of
from .texts import _, ngettext
from .translating import Made

# The fields of an Origin that are noted.
NOTED = ("filter", "sha256", "execution_provider", "source")

# Reads a new layer's name, its visible pixels, and a small picture of it.
Take = Callable[[Made], "tuple[str, Pixels, Thumbnail]"]


def store_all(
    store: ResultStore, document: Document, made: Sequence[Made], take: Take, tell: Callable[[str], object]
) -> None:
    """Keeps results that are in the document already. ``tell`` gets a sentence about why one cannot be kept."""
    try:
        for one in made:
            if not _store(store, document.name, one, take):
                tell(_("The result is in the picture, but it is too large to be kept for later."))
    except (OSError, MemoryError) as error:
        why = _("not enough memory") if isinstance(error, MemoryError) else error.strerror or error
        tell(_("The result is in the picture, but it could not be kept for later ({why}).").format(why=why))


def numbered(store: ResultStore, number: int) -> Kept:
    """Returns a kept result by its number, 1 for the newest. Raises Problem when there are fewer."""
    kept = store.kept
    if number > len(kept):
        sentence = ngettext(
            "There is no result {number}; only {count} is kept.",
            "There is no result {number}; only {count} are kept.",
            len(kept),
        )
        raise Problem(
            sentence.format(number=number, count=len(kept)),
            _("Give a smaller number, or apply a filter first."),
        )
    return kept[number - 1]


def number_of(store: ResultStore, wanted: Kept) -> int:
    """Returns the number of a result, as ``numbered`` takes it; 1 for one that is gone."""
    return next((number for number, kept in enumerate(store.kept, 1) if kept.file == wanted.file), 1)


def past_result(store: ResultStore, kept: Kept) -> PastResult:
    """Returns a kept result with its look and origin, to insert again. Raises Problem if these were not noted."""
    gone, extra = _("This result is no longer kept, or it is damaged."), kept.entry.extra
    try:
        look = Look(float(extra["opacity"]), extra["keep luminance"] == "yes")
        origin = origin_from(extra["origin"], NOTED)
    except (KeyError, ValueError):
        raise Problem(gone, _("Apply the filter again.")) from None
    return PastResult(kept.entry, lambda: store.pixels(kept), gone, look, origin)


def _store(store: ResultStore, picture: str, made: Made, take: Take) -> bool:
    """Keeps one result; returns and raises what ``ResultStore.add`` does."""
    name, pixels, thumbnail = take(made)
    named = replace(made, new=replace(made.new, name=name))
    return store.add(entry_of(named, pixels, _noted(picture, made, pixels)), pixels.data, thumbnail)


def _noted(picture: str, made: Made, pixels: Pixels) -> dict[str, str]:
    look = made.new.look
    return {
        "picture": picture,
        **pixels.format.own,
        "opacity": str(look.opacity),
        "keep luminance": "yes" if look.keep_luminance else "no",
        "origin": made.origin.written(NOTED),
    }
