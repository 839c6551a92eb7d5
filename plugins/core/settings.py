"""The artist's settings, kept in one file that a crash cannot break."""

from __future__ import annotations

import json
import os
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from ..client import Endpoint
from .problems import Problem
from .texts import _
from .training_wish import QUICK

FILE = "settings.json"
_ATTEMPTS, _PAUSE = 3, 0.1  # seconds between attempts


@dataclass(frozen=True)
class Settings:
    """``python`` is the interpreter that starts a local server; ``source`` is layer, layer-with-masks or picture;
    ``opacity`` is in per cent. ``training`` is the identifier of the followed training, ``training_source`` is how the
    editor finds its layer. ``training_options``, for new trainings, are name=value each, and can be set only in the
    file. A value in the file whose type differs from the default's is ignored."""

    address: str = "127.0.0.1:50051"
    token: str = field(default="", repr=False)
    tls: bool = False
    fingerprint: str = ""
    python: str = ""
    filters_folder: str = ""
    stop_local_server: bool = True
    keep_results: bool = True
    favourites: tuple[str, ...] = ()
    last_filter: str = ""
    source: str = "layer"
    opacity: int = 100
    keep_luminance: bool = False
    training: str = ""
    training_source: str = ""
    training_preset: str = QUICK
    training_options: tuple[str, ...] = ()

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(self.address, self.token, self.tls, self.fingerprint)

    def used(self, filter_id: str) -> Settings:
        """Returns the settings with this filter as the last one used."""
        return replace(self, last_filter=filter_id)

    def following(self, training: str, source: str) -> Settings:
        return replace(self, training=training, training_source=source)

    def with_favourite(self, filter_id: str, wanted: bool) -> Settings:
        others = tuple(other for other in self.favourites if other != filter_id)
        return replace(self, favourites=(*others, filter_id) if wanted else others)


class SettingsProblem(Problem):
    """The settings could not be saved."""


class SettingsStore:
    """Keeps settings in a file in ``folder`` that only its owner can read. ``note`` tells of a broken file."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self.note = ""

    def load(self) -> Settings:
        """Returns the settings, with defaults for missing ones and wrong types. Renames a broken file; never fails."""
        try:
            entries = self._entries()
        except FileNotFoundError:
            return Settings()
        except (OSError, ValueError):
            self.note = self._set_aside()
            return Settings()
        return Settings(**{option.name: _value(option, entries) for option in fields(Settings)})

    def save(self, settings: Settings) -> None:
        """Saves the settings. Raises SettingsProblem when it cannot; the file is then unchanged."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            number, draft = tempfile.mkstemp(prefix=f".{FILE}.", dir=self._file.parent)  # readable by its owner only
            try:
                with os.fdopen(number, "w", encoding="utf-8") as file:
                    json.dump(asdict(settings), file, indent=2)
                Path(draft).replace(self._file)
            except BaseException:
                Path(draft).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise SettingsProblem(
                _("The settings cannot be saved in {folder} ({why}).").format(
                    folder=self._file.parent, why=error.strerror or error
                ),
                _("They last until the editor is closed; make the folder writable to keep them."),
            ) from error

    def _entries(self) -> dict[str, Any]:
        """Reads the file, again if it seems broken: a program that rewrites it in place leaves it incomplete for a
        moment. Raises OSError, or ValueError if it stays broken."""
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(_PAUSE)
            with suppress(ValueError):
                entries = json.loads(self._file.read_text("utf-8"))
                if isinstance(entries, dict):
                    return entries
        raise ValueError

    def _set_aside(self) -> str:
        number = 1
        while (aside := self._file.with_name(f"settings.broken-{number}.json")).exists():
            number += 1
        try:
            self._file.rename(aside)
        except OSError:
            return _("The settings in {file} cannot be read, so the defaults are used.").format(file=self._file)
        return _("The settings could not be read and were set aside as {file}; the defaults are used.").format(
            file=aside.name
        )


def _value(option: Any, entries: dict[str, Any]) -> Any:
    value = entries.get(option.name, option.default)
    if isinstance(option.default, tuple):
        texts = isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
        return tuple(value) if texts else option.default
    return value if type(value) is type(option.default) else option.default
