"""Writes what others need to know about the trainer's options: ``python -m training.option_tables [README.md ...]``.

It writes ``pleinair.common.training_options`` for the server, and the tables in READMEs between ``<!-- options -->``
and ``<!-- /options -->``. Run it by ``make options`` after changing an option or a preset.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import Field
from pathlib import Path
from typing import Any

from pleinair.common.readme_tables import markdown_table, with_tables

from training.config import FitConfig
from training.methods import registry
from training.methods.method import MethodSpec
from training.rules import flag, options_of, types_of

MODULE = Path(__file__).resolve().parents[1] / "protos" / "pleinair" / "common" / "training_options.py"

_HEAD = '''"""The trainer's presets and options, for programs without PyTorch. Made by `make options`; do not edit."""

from __future__ import annotations

from collections.abc import Mapping

# Those that learn from single pictures, the default first.
PRESETS: tuple[str, ...] = (
'''


def main(arguments: list[str] | None = None) -> int:
    """Writes the module and the tables. Returns 0, or 2 when a README has no place for the tables."""
    readmes = [Path(name) for name in (sys.argv[1:] if arguments is None else arguments)]
    MODULE.write_text(module_text(), encoding="utf-8")
    try:
        for readme in readmes:
            readme.write_text(with_tables(readme.read_text(encoding="utf-8"), option_tables()), encoding="utf-8")
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def module_text() -> str:
    """Returns the source of ``pleinair.common.training_options``: presets for single pictures, and options' types."""
    presets = [preset for spec in registry.METHODS for preset in spec.for_single_pictures]
    offering = [spec for spec in registry.METHODS if spec.for_single_pictures]
    owners: list[type[Any]] = [FitConfig, *(spec.options for spec in offering)]
    types = {name: kind for owner in owners for name, kind in _types(owner)}
    lines = [f'    "{preset}",\n' for preset in presets]
    options = [f'    "{name}": {kind.__name__},\n' for name, kind in types.items()]
    heading = "# By their names on the command line, without the dashes in front.\n"
    return "".join([_HEAD, *lines, ")\n", heading, "OPTIONS: Mapping[str, type] = {\n", *options, "}\n"])


def option_tables() -> str:
    """Returns Markdown tables: one of the options that every run has, and one per method of its own options, with its
    presets' values."""
    return "\n".join([_common_table(), *(_method_table(spec) for spec in registry.METHODS)])


def _common_table() -> str:
    def values(option: Field[Any]) -> list[str]:
        presets = {name: values[option.name] for name, values in registry.presets().items() if option.name in values}
        return [_code(option.default), ", ".join(f"{name} {_code(value)}" for name, value in presets.items())]

    return _table(["default", "other in"], ((option, values(option)) for option in options_of(FitConfig)))


def _method_table(spec: MethodSpec) -> str:
    def values(option: Field[Any]) -> list[str]:
        return [_code(preset.get(option.name, option.default)) for preset in spec.presets.values()]

    return _table([*spec.presets], ((option, values(option)) for option in options_of(spec.options)))


def _table(columns: list[str], rows: Iterable[tuple[Field[Any], list[str]]]) -> str:
    described = ([_code(flag(option.name)), str(option.metadata["help"]), *values] for option, values in rows)
    return markdown_table(["option", "meaning", *columns], described)


def _code(value: object) -> str:
    """Returns a value as Markdown code, or nothing for an option without a value."""
    if value in ("", None):
        return ""
    text = {True: "on", False: "off"}[value] if isinstance(value, bool) else value
    return f"`{text:.3g}`" if isinstance(text, float) else f"`{text}`"


def _types(owner: type[Any]) -> Iterator[tuple[str, type]]:
    return ((flag(name).removeprefix("--"), kind) for name, kind in types_of(owner).items())


if __name__ == "__main__":
    sys.exit(main())
