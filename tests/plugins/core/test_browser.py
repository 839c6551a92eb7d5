"""Finding a filter."""

from __future__ import annotations

from plugins.client.messages import Filter, Precision, Training
from plugins.core import browser
from plugins.core.layers import result_name

FILTERS = [
    Filter(id="monet", title="Monet", source_domain="photo", target_domain="painting", method="cut"),
    Filter(id="cezanne", title="Cézanne", source_domain="photo", target_domain="painting", method="fastcut"),
    Filter(id="winter", title="Summer to winter", description="Snow, in Monet's light.", method="cut"),
    Filter(id="bare"),
]


def found(query: str, *favourites: str) -> list[str]:
    return [one.id for one in browser.matching(FILTERS, query, favourites)]


def test_without_a_query_all_are_there_by_title() -> None:
    assert found("") == ["bare", "cezanne", "monet", "winter"]


def test_favourites_come_first() -> None:
    assert found("", "winter") == ["winter", "bare", "cezanne", "monet"]


def test_words_are_found_in_all_texts_whatever_their_case_and_accents() -> None:
    assert found("CEZANNE") == ["cezanne"]
    assert found("céz") == ["cezanne"]
    assert found("snow") == ["winter"]
    assert found("bar") == ["bare"]


def test_every_word_must_be_there() -> None:
    assert found("painting fastcut") == ["cezanne"]
    assert found("painting snow") == []


def test_a_title_that_begins_with_the_query_comes_before_a_description_that_has_it() -> None:
    assert found("monet") == ["monet", "winter"]


def test_a_filters_facts_are_those_that_its_file_tells() -> None:
    told = Filter(
        id="monet",
        source_domain="photo",
        target_domain="painting",
        method="cut",
        precision=Precision.FLOAT16,
        licence="Apache-2.0",
        training=Training(images_seen=1),
        file_bytes=11_400_000,
        sha256="ab" * 32,
    )
    assert browser.facts(told) == [
        ("Trained", "From photo to painting"),
        ("Method", "cut"),
        ("Training", "1 picture seen"),
        ("Precision", "16 bits"),
        ("Licence", "Apache-2.0"),
        ("File", "11.4 MB"),
        ("Fingerprint", "abababababababab"),
    ]
    assert [name for name, _ in browser.facts(Filter(id="bare"))] == ["Precision", "File"]


def test_a_result_is_named_after_its_filter_and_its_source() -> None:
    assert result_name(browser.title(FILTERS[0]), "Background") == "Monet: Background"
