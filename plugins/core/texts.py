"""Texts in the artist's language."""

from __future__ import annotations

import gettext
from pathlib import Path

from ..client import ClientError

DOMAIN = "pleinair"
_FOLDER = Path(__file__).parent.parent / "locale"


class _Language:
    """Holds the catalogue in use: that of the system's language, until an editor chooses one."""

    catalogue: gettext.NullTranslations = gettext.translation(DOMAIN, _FOLDER, fallback=True)


def use_language(code: str | None) -> None:
    """Sets the language: a code such as de or fr_CA, or None for the system's. English if it has no catalogue."""
    languages = None if code is None else [code]
    _Language.catalogue = gettext.translation(DOMAIN, _FOLDER, languages=languages, fallback=True)


def _(text: str) -> str:
    return _Language.catalogue.gettext(text) if text else ""


def ngettext(one: str, many: str, number: int) -> str:
    return _Language.catalogue.ngettext(one, many, number)


def decimal(value: float, digits: int) -> str:
    """Returns the number with this many digits after the decimal mark of the artist's language."""
    # Translators: only the decimal mark of this number is used
    mark = _("0.5").strip("05")
    return f"{value:.{digits}f}".replace(".", mark)


def told(error: ClientError) -> tuple[str, str]:
    """Returns an error's sentence and remedy in the artist's language; a server's own words are not translated."""
    sentence, remedy = (_(template) for template in (error.template, error.remedy_template))
    if error.values:
        sentence, remedy = (text.format(**error.values) for text in (sentence, remedy))
    return sentence, remedy
