"""Finding a filter among many, and the facts about one."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable

from ..client.messages import Filter, Precision
from .texts import _, decimal, ngettext


def matching(filters: Iterable[Filter], query: str, favourites: Collection[str] = ()) -> list[Filter]:
    """Returns the filters whose texts contain every word of the query, regardless of case and accents: favourites
    first, then those with a word of the query at the beginning of a word of the title, then by title."""
    words = _plain(query).split()
    found = [one for one in filters if all(word in _texts(one) for word in words)]
    return sorted(found, key=lambda one: (one.id not in favourites, not _heads(one, words), _plain(title(one)), one.id))


def title(found: Filter) -> str:
    """Returns the filter's title, or its identifier if it has none."""
    return found.title or found.id


def domains(found: Filter) -> str:
    """Says what the filter turns into what; empty when its file does not say."""
    if not found.source_domain or not found.target_domain:
        return ""
    return _("From {source} to {target}").format(source=found.source_domain, target=found.target_domain)


def facts(found: Filter) -> list[tuple[str, str]]:
    """Returns names and values about the filter, for display; leaves out what its file does not say."""
    training = found.training
    seen = training.images_seen if training else 0
    rows = [
        (_("Description"), found.description),
        (_("Trained"), domains(found)),
        (_("Method"), found.method),
        (_("Training"), ngettext("{number} picture seen", "{number} pictures seen", seen).format(number=seen)),
        (_("Precision"), _("16 bits") if found.precision == Precision.FLOAT16 else _("32 bits")),
        (_("Licence"), found.licence),
        (_("File"), _("{megabytes} MB").format(megabytes=decimal(found.file_bytes / 1e6, 1))),
        (_("Fingerprint"), found.sha256[:16]),
    ]
    return [(name, value) for name, value in rows if value and not (name == _("Training") and not seen)]


def _texts(found: Filter) -> str:
    return _plain(
        " ".join((found.id, found.title, found.description, found.source_domain, found.target_domain, found.method))
    )


def _heads(found: Filter, words: list[str]) -> bool:
    heads = _plain(title(found)).split()
    return any(head.startswith(word) for head in heads for word in words)


def _plain(text: str) -> str:
    """Returns the text without case and accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in apart if not unicodedata.combining(character))
