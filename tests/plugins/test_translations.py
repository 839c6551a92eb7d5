"""The catalogues say everything that the code says, in every language."""

from __future__ import annotations

import gettext
import io
import re
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Message

from plugins import translations
from plugins.core import texts
from plugins.core.translation_jobs import duration

languages = pytest.mark.parametrize("language", translations.LANGUAGES)

_MNEMONIC = re.compile(r"[_&](?=\w)")


def test_template_holds_the_texts_of_the_code() -> None:
    fresh = translations.text_of(translations.extracted())
    assert translations.TEMPLATE.read_text("utf-8") == fresh, "run python -m plugins.translations"


@languages
def test_every_text_is_translated(language: str) -> None:
    known = translations.catalogue(language)
    texts = {message.id for message in translations.extracted() if message.id}
    assert [text for text in texts if text not in known or not all(forms(known[text]))] == []


@languages
def test_nothing_is_guessed_or_left_over(language: str) -> None:
    known = translations.catalogue(language)
    texts = {message.id for message in translations.extracted()}
    assert [message.id for message in known if message.fuzzy or message.id not in texts] == []
    assert not known.obsolete


@languages
def test_translations_keep_the_placeholders(language: str) -> None:
    wrong = [
        text
        for message in sentences(language)
        for text in forms(message)
        if placeholders(text) != placeholders(source(message))
    ]
    assert wrong == []


@languages
def test_translations_keep_mnemonics_and_ends(language: str) -> None:
    wrong = [
        text
        for message in sentences(language)
        for text in forms(message)
        if mnemonics(text) != mnemonics(source(message)) or ending(text) != ending(source(message))
    ]
    assert wrong == []


@languages
def test_every_number_has_its_form(language: str) -> None:
    known = translations.catalogue(language)
    plurals = [message for message in known if isinstance(message.id, tuple)]
    assert plurals
    assert {len(forms(message)) for message in plurals} == {known.num_plurals}


@pytest.mark.parametrize(("language", "form"), [("fr", 0), ("de", 1)])
def test_nought_is_singular_in_french_and_plural_in_german(language: str, form: int) -> None:
    message = next(message for message in sentences(language) if isinstance(message.id, tuple))
    assert isinstance(message.id, tuple)
    assert compiled(language).ngettext(message.id[0], message.id[1], 0) == forms(message)[form]


@languages
def test_compiled_catalogue_answers(language: str) -> None:
    message = next(message for message in sentences(language) if isinstance(message.id, str))
    assert compiled(language).gettext(str(message.id)) == message.string


@pytest.mark.parametrize(("language", "said"), [("de", "2,5 s"), ("fr", "2,5 s")])
def test_numbers_have_the_decimal_mark_of_the_language(
    language: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts._Language, "catalogue", compiled(language))
    assert duration(2.5) == said


def test_damaged_catalogue_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translations, "TEMPLATE", tmp_path / "pleinair.pot")
    (tmp_path / "de.po").write_text('msgid "half')
    with pytest.raises(translations.CatalogueProblem, match=r"de\.po"):
        translations.catalogue("de")


def compiled(language: str) -> gettext.GNUTranslations:
    return gettext.GNUTranslations(io.BytesIO(translations.compiled(language)))


def sentences(language: str) -> list[Message]:
    return [message for message in translations.catalogue(language) if message.id]


def source(message: Message) -> str:
    """English, the plural where there are two."""
    return message.id if isinstance(message.id, str) else message.id[-1]


def forms(message: Message | None) -> list[str]:
    if message is None or not message.string:
        return [""]
    return [message.string] if isinstance(message.string, str) else list(message.string)


def placeholders(text: str) -> set[tuple[str, str]]:
    """The names and formats in braces."""
    return {(name, spec or "") for _, name, spec, _ in Formatter().parse(text) if name is not None}


def mnemonics(text: str) -> list[str]:
    """What marks the keys: "_" in GIMP, "&" in Krita."""
    return _MNEMONIC.findall(re.sub(r"{.*?}", "", text))


def ending(text: str) -> str:
    """French sets a space before some marks; nothing else may differ."""
    found = re.search(r"[.…:?!]*$", text.rstrip())
    return found[0] if found else ""


def test_french_marks_do_not_stand_alone_on_a_line() -> None:
    """Before : ; ? ! » and after « a no-break space stands."""
    texts = [text for message in translations.catalogue("fr") for text in as_texts(message.string)]
    assert [text for text in texts if re.search(r" [:;?!»]|« ", text)] == []


def as_texts(string: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [string] if isinstance(string, str) else list(string or ())
