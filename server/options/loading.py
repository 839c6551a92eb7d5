"""Where options come from: the command line, then PLEINAIR_* in the environment, then a TOML file, then defaults."""

from __future__ import annotations

import argparse
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

from server.config import ServerConfig
from server.options.kinds import SWITCH, OptionKind

ENVIRONMENT_PREFIX = "PLEINAIR_"


class ConfigError(Exception):
    """A wrong option; the text is a sentence that names the option and says what was expected."""


def load_config(arguments: Sequence[str] | None, environment: Mapping[str, str] = os.environ) -> ServerConfig:
    """Reads the options of a command line. Raises ConfigError for a wrong value or file; exits as argparse does for an
    unknown option."""
    given = vars(_parser().parse_args(arguments))
    file = given.pop("config")
    return config_of(given, environment, file)


def config_of(
    given: Mapping[str, str | None], environment: Mapping[str, str] = os.environ, file: str | None = None
) -> ServerConfig:
    """Reads ``given`` (the texts of a command line, by field); an option that is missing or None there comes from the
    environment, then the TOML file, then its default. Raises ConfigError."""
    from_file = _read_file(file) if file else {}
    values: dict[str, Any] = {}
    for option in fields(ServerConfig):
        variable = ENVIRONMENT_PREFIX + option.name.upper()
        for source, value in (
            (flag(option), given.get(option.name)),
            (variable, environment.get(variable)),
            (f"{option.name} in {file}", from_file.get(option.name)),
        ):
            if value is not None:
                values[option.name] = _read(option, source, value)
                break
    return ServerConfig(**values)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m server",
        description="Serves the filters of a folder over gRPC. Every option can also be set in a TOML file (--config),"
        " or in the environment as PLEINAIR_ followed by its name in capitals.",
    )
    parser.add_argument("--config", metavar="FILE.toml", help="a file with options, such as: queue = 4")
    for option in fields(ServerConfig):
        help_text = option.metadata["help"] + _default(option)
        if option.metadata["kind"] is SWITCH:  # which may stand alone
            parser.add_argument(flag(option), metavar="VALUE", nargs="?", const="true", help=help_text)
        else:
            parser.add_argument(flag(option), metavar="VALUE", help=help_text)
    return parser


def flag(option: Field[Any]) -> str:
    """An option's name on the command line, such as ``--max-pixels``."""
    return "--" + option.name.replace("_", "-")


def shown_default(option: Field[Any]) -> str:
    """An option's default as it is typed on the command line; empty where there is none."""
    value = option.default
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    kind: OptionKind = option.metadata["kind"]
    return "" if value is None else kind.write(value)


def _default(option: Field[Any]) -> str:
    text = shown_default(option)
    return f" (default: {text})" if text else ""


def _read(option: Field[Any], source: str, value: object) -> Any:
    kind: OptionKind = option.metadata["kind"]
    try:
        return kind.read(str(value))
    except ValueError as error:
        raise ConfigError(f"{source} is '{value}', but must be {kind.expected}.") from error


def _read_file(file: str) -> dict[str, object]:
    try:
        entries = tomllib.loads(Path(file).read_text("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"The configuration {file} cannot be read ({error.strerror}); check its name.") from error
    except ValueError as error:
        raise ConfigError(f"The configuration {file} is not TOML: {error}.") from error
    known = [option.name for option in fields(ServerConfig)]
    for key in entries:
        if key not in known:
            raise ConfigError(f"The configuration {file} has the unknown key '{key}'; known keys: {', '.join(known)}.")
    return entries
