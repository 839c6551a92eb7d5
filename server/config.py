"""The server's options: defaults < a TOML file < the environment < the command line."""

from __future__ import annotations

import argparse
import dataclasses
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

ENVIRONMENT_PREFIX = "PLEINAIR_"
PROVIDERS = ("auto", "cpu", "cuda")


class ConfigError(Exception):
    """Its text is one sentence for the operator: which option, what was expected."""


def _option(default: Any, text: str) -> Any:
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True, kw_only=True)
class ServerConfig:
    filters: str = _option("filters", "folder with the filters to serve")
    address: str = _option("127.0.0.1:50051", "HOST:PORT to listen on; port 0 takes a free one")
    provider: str = _option("auto", f"where to compute: {', '.join(PROVIDERS)}")
    max_pixels: int = _option(4096 * 4096, "largest picture, in pixels; a full-size network takes about 1 KB a pixel")
    max_message_mib: int = _option(32, "largest message, so largest encoded picture, in MiB")
    queue: int = _option(16, "requests in hand at once; more are refused at once")
    deadline: float = _option(600.0, "longest time that a request may take, in seconds")
    grace: float = _option(10.0, "time that running requests have to finish at shutdown, in seconds")

    def __post_init__(self) -> None:
        """Raises ConfigError for the first value that cannot work."""
        host, _, port = self.address.rpartition(":")
        _check(bool(host) and port.isdigit() and int(port) < 65536, "address", self.address, "HOST:PORT")
        _check(self.provider in PROVIDERS, "provider", self.provider, " or ".join(PROVIDERS))
        for name in ("max_pixels", "max_message_mib", "queue"):
            _check(getattr(self, name) >= 1, name, getattr(self, name), "a whole number of at least 1")
        _check(self.max_message_mib <= 1024, "max_message_mib", self.max_message_mib, "at most 1024")
        _check(self.deadline > 0, "deadline", self.deadline, "a number of seconds above 0")
        _check(self.grace >= 0, "grace", self.grace, "a number of seconds of at least 0")

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the address."""
        host = self.address.rpartition(":")[0].strip("[]")
        return host in ("localhost", "::1") or host.startswith("127.")


def load_config(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> ServerConfig:
    """Raises ConfigError for a wrong value or an unreadable file; argparse itself answers unknown options."""
    told = vars(_parser().parse_args(arguments))
    file = told.pop("config", None)
    from_file = _read_file(Path(file)) if file else {}
    from_environment = {
        option.name: environment[name]
        for option in dataclasses.fields(ServerConfig)
        if (name := ENVIRONMENT_PREFIX + option.name.upper()) in environment
    }
    types = get_type_hints(ServerConfig)
    merged = {**from_file, **from_environment, **told}
    return ServerConfig(**{name: _convert(name, value, types[name]) for name, value in merged.items()})


def default_filters(environment: Mapping[str, str] = os.environ) -> str:
    """The filters folder when nobody names one."""
    return environment.get(f"{ENVIRONMENT_PREFIX}FILTERS", ServerConfig.filters)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m server",
        description="Serves the filters of a folder over gRPC. Every option can also stand in a TOML file (--config) "
        "or in the environment as PLEINAIR_ and its name in capitals.",
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument("--config", metavar="FILE", help="a TOML file with options")
    for option in dataclasses.fields(ServerConfig):
        text = f"{option.metadata['help']} (default: {option.default})"
        parser.add_argument(f"--{option.name.replace('_', '-')}", help=text, metavar=option.name.upper())
    return parser


def _read_file(path: Path) -> dict[str, Any]:
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"--config {path} cannot be read ({error.strerror}); name a TOML file.") from None
    except ValueError as error:
        raise ConfigError(f"--config {path} is not a TOML file ({error}); correct it.") from None
    known = {option.name for option in dataclasses.fields(ServerConfig)}
    for name in told:
        if name not in known:
            raise ConfigError(f"{path} sets {name!r}, which is no option; the options are {', '.join(sorted(known))}.")
    return told


def _convert(name: str, value: Any, kind: type) -> Any:
    try:
        return kind(value)
    except (TypeError, ValueError):
        expected = "a whole number" if kind is int else "a number"
        raise ConfigError(f"--{name.replace('_', '-')} is {value!r}, but must be {expected}.") from None


def _check(holds: bool, name: str, value: object, expected: str) -> None:
    if not holds:
        raise ConfigError(f"--{name.replace('_', '-')} is {value!r}, but must be {expected}.")
