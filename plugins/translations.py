"""The artist's texts in other languages: ``python -m plugins.translations`` brings the catalogues up to date.

It collects the texts from the code in ``locale/pleinair.pot`` and merges them into each language's ``.po`` file, where
new texts are left empty for a translator. The plug-ins read compiled catalogues, which ``plugins.bundle`` makes.
"""

from __future__ import annotations

import io
import sys
from datetime import datetime, timezone
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po, write_po

DOMAIN = "pleinair"
LANGUAGES = ("de", "fr")
PLUGINS = Path(__file__).resolve().parent
TEMPLATE = PLUGINS / "locale" / f"{DOMAIN}.pot"

_KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}
_SOURCES = [("client/vendor/**", "ignore"), ("**.py", "python")]
_DATE = datetime(2026, 11, 24, tzinfo=timezone.utc)


class CatalogueProblem(Exception):
    """A catalogue cannot be used; the message says why and what to do."""


def update() -> None:
    """Writes the template from the code, and updates every language's file from the template: translations are kept,
    texts that are no longer used are removed, and nothing is guessed."""
    template = extracted()
    _write(TEMPLATE, template)
    for language in LANGUAGES:
        known = catalogue(language) if path_of(language).exists() else _empty(language)
        known.update(template, no_fuzzy_matching=True)
        known.obsolete.clear()
        _write(path_of(language), known)


def extracted() -> Catalog:
    """Returns the texts in the code, with the files that contain them and the comments for translators."""
    template = _empty(None)
    found = extract_from_dir(PLUGINS, _SOURCES, keywords=_KEYWORDS, comment_tags=["Translators:"])
    for name, _line, text, comments, context in sorted(found, key=lambda message: message[:2]):
        template.add(text, None, [(name, 0)], auto_comments=comments, context=context)
    return template


def text_of(template: Catalog) -> str:
    """Returns the contents of the catalogue's file, without line numbers, so that they change only with the texts."""
    file = io.BytesIO()
    write_po(file, template, width=100, include_lineno=False, sort_by_file=True)
    return file.getvalue().decode("utf-8")


def catalogue(language: str) -> Catalog:
    """Returns a language's translations. Raises CatalogueProblem when its file is missing or not a catalogue."""
    path = path_of(language)
    try:
        with path.open("rb") as file:
            return read_po(file, locale=language, domain=DOMAIN, abort_invalid=True)
    except (OSError, PoFileError, UnicodeDecodeError) as error:
        raise CatalogueProblem(f"{path} cannot be read as a catalogue: {error}; correct it.") from error


def compiled(language: str) -> bytes:
    """Returns a language's catalogue as gettext reads it at run time. Raises CatalogueProblem."""
    file = io.BytesIO()
    write_mo(file, catalogue(language))
    return file.getvalue()


def path_of(language: str) -> Path:
    return TEMPLATE.with_name(f"{language}.po")


def _empty(language: str | None) -> Catalog:
    """Returns an empty catalogue with a fixed date, so that its files change only with the texts."""
    return Catalog(
        language,
        DOMAIN,
        header_comment="# The texts of Pleinair's plug-ins. Apache-2.0.",
        project="Pleinair",
        version="plug-ins",
        msgid_bugs_address="none",
        last_translator="the Pleinair authors",
        language_team="the Pleinair authors",
        creation_date=_DATE,
        revision_date=_DATE,
        fuzzy=False,
        charset="utf-8",
    )


def _write(path: Path, contents: Catalog) -> None:
    beside = path.with_name(f".{path.name}.tmp")
    beside.write_text(text_of(contents), "utf-8")
    beside.replace(path)


if __name__ == "__main__":
    try:
        update()
    except CatalogueProblem as problem:
        sys.exit(f"error: {problem}")
