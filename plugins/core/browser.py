"""Finding a filter among many."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..client.messages import Filter


def matching(filters: Iterable[Filter], query: str, favourites: Collection[str]) -> list[Filter]:
    """Those that have every word of ``query`` somewhere in what they say of themselves, favourites first, then by
    title."""
    words = query.casefold().split()
    found = [one for one in filters if all(word in _said(one) for word in words)]
    return sorted(found, key=lambda one: (one.id not in favourites, (one.title or one.id).casefold(), one.id))


def _said(one: Filter) -> str:
    texts = (one.title, one.id, one.description, one.source_domain, one.target_domain, one.method)
    return " ".join(texts).casefold()
