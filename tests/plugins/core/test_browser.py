from __future__ import annotations

from plugins.client.messages import Filter
from plugins.core.browser import matching

FILTERS = [
    Filter(id="monet", title="Water lilies", source_domain="photo", target_domain="painting", method="cut"),
    Filter(id="etretat", title="Étretat", description="The cliffs", method="sincut"),
    Filter(id="zebra", title="", source_domain="horse", target_domain="zebra", method="fastcut"),
]


def found(query: str, *favourites: str) -> list[str]:
    return [one.id for one in matching(FILTERS, query, favourites)]


def test_all_are_shown_by_title_when_nothing_is_asked_for() -> None:
    assert found("") == ["monet", "zebra", "etretat"]


def test_favourites_come_first() -> None:
    assert found("", "etretat", "gone") == ["etretat", "monet", "zebra"]


def test_every_word_must_be_somewhere_in_whatever_case() -> None:
    assert found("WATER paint") == ["monet"]
    assert found("étretat CLIFF") == ["etretat"]
    assert found("horse water") == []


def test_the_method_is_found_as_a_word_is() -> None:
    assert found("fastcut") == ["zebra"]
