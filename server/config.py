"""The server's options: defaults, then a TOML file, then PLEINAIR_* in the environment, then the command line."""

from __future__ import annotations

import argparse
import ipaddress
import os
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from server.engine.provider import Provider

ENVIRONMENT_PREFIX = "PLEINAIR_"


class TrainingMode(StrEnum):
    """Whether the server trains: where PyTorch is installed, always (else it does not start), or never."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


class ConfigError(Exception):
    """A wrong option; the text is a sentence that names it and what was expected."""


@dataclass(frozen=True)
class _Kind:
    """How an option is read from text: ``read`` raises ValueError, and ``expected`` finishes "must be ..."."""

    read: Callable[[str], Any]
    expected: str


def _number(number: type[int] | type[float], least: float, most: float) -> _Kind:
    def read(text: str) -> float:
        value = number(text)
        if not least <= value <= most:
            raise ValueError
        return value

    return _Kind(read, f"a {'whole ' if number is int else ''}number from {least} to {most}")


def read_memory(text: str) -> int:
    """Bytes, of a number with a unit from KiB to TiB, or of MiB without one. Raises ValueError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:([KMGT])iB)?", text.strip(), re.IGNORECASE)
    if not found:
        raise ValueError
    count = int(float(found[1]) * 1024 ** ("KMGT".index((found[2] or "M").upper()) + 1))
    if count < 1 << 20:
        raise ValueError
    return count


def _path(text: str) -> Path:
    if not text:
        raise ValueError
    return Path(text)


def _sides(text: str) -> tuple[int, ...]:
    sides = tuple(int(side) for side in text.split(","))
    if not all(16 <= side <= 8192 for side in sides):
        raise ValueError
    return sides


def split_address(address: str) -> tuple[str, int]:
    """Host (an IPv6 one in brackets) and port. Raises ValueError."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535 or (":" in host) != host.startswith("["):
        raise ValueError
    return host, int(port)


def _address(text: str) -> str:
    host, port = split_address(text)
    return f"{host}:{port}"


def _devices(text: str) -> str:
    names = [name.strip() for name in text.split(",")]
    if not all(re.fullmatch(r"auto|cpu|mps|cuda(:\d{1,3})?", name) for name in names):
        raise ValueError
    return ",".join(names)


def _option(kind: _Kind, explanation: str) -> Mapping[str, Any]:
    return {"kind": kind, "help": explanation}


_FILE = _Kind(_path, "the path of a file")
_FOLDER = _Kind(_path, "the path of a folder")


@dataclass(frozen=True)
class ServerConfig:
    """All options of ``python -m server``; each field's metadata says what it takes and what it is for."""

    filters: Path = field(default=Path("filters"), metadata=_option(_FOLDER, "the folder of filter files"))
    address: str = field(
        default="127.0.0.1:50051",
        metadata=_option(
            _Kind(_address, "HOST:PORT with a port up to 65535"), "where to listen; port 0 takes a free one"
        ),
    )
    provider: Provider = field(
        default=Provider.AUTO,
        metadata=_option(
            _Kind(Provider, "one of auto, cpu, cuda, tensorrt"),
            "where to compute: auto (the GPU if there is one), cpu, cuda or tensorrt (on the GPU; takes minutes to get"
            " ready for each filter, once)",
        ),
    )
    tensorrt_cache: Path | None = field(
        default=None,
        metadata=_option(
            _FOLDER, "the folder, open to nobody else, that keeps what TensorRT builds (default: in the user's cache)"
        ),
    )
    warm_up: tuple[int, ...] = field(
        default=(256,),
        metadata=_option(
            _Kind(_sides, "whole numbers from 16 to 8192 with commas between"),
            "on a GPU, sides of the squares that each filter computes before it is offered, such as 256,512,1024",
        ),
    )
    threads: int = field(
        default=0,
        metadata=_option(_number(int, 0, 1024), "threads of a computation on the CPU; 0 lets onnxruntime choose"),
    )
    memory: int | None = field(
        default=None,
        metadata=_option(
            _Kind(read_memory, "a size of at least 1 MiB, such as 6GiB, or 6144 for MiB"),
            "memory that computations may take together, such as 6GiB; pictures that do not fit at once wait, or are"
            " computed in pieces (default: 70 %% of what is free at the start)",
        ),
    )
    queue: int = field(
        default=16, metadata=_option(_number(int, 1, 10_000), "how many translations may wait or run at once")
    )
    deadline: float = field(
        default=3600.0, metadata=_option(_number(float, 0.1, 86_400), "longest time of a translation, in seconds")
    )
    grace: float = field(
        default=10.0,
        metadata=_option(
            _number(float, 0, 3600), "seconds that running translations and trainings have when the server stops"
        ),
    )
    max_pixels: int = field(
        default=8192 * 16384,
        metadata=_option(
            _number(int, 1, 1 << 32), "largest picture, in pixels; what memory it takes is limited by --memory"
        ),
    )
    max_message_mib: int = field(
        default=32, metadata=_option(_number(int, 1, 1024), "largest message, so largest encoded picture, in MiB")
    )
    tls_certificate: Path | None = field(
        default=None, metadata=_option(_FILE, "the server's certificate, a PEM file; encrypts all connections")
    )
    tls_key: Path | None = field(default=None, metadata=_option(_FILE, "the key of the certificate, a PEM file"))
    token_file: Path | None = field(
        default=None, metadata=_option(_FILE, "a file with the token that callers must know (default: they need none)")
    )
    poll: float = field(
        default=1.0, metadata=_option(_number(float, 0.01, 3600), "seconds between looks into the filters folder")
    )
    training: TrainingMode = field(
        default=TrainingMode.AUTO,
        metadata=_option(
            _Kind(TrainingMode, "one of auto, on, off"),
            "whether to train: auto (if PyTorch is installed), on or off",
        ),
    )
    trainings: Path | None = field(
        default=None,
        metadata=_option(_FOLDER, "the folder that keeps trainings (default: trainings in the filters folder)"),
    )
    training_devices: str = field(
        default="auto",
        metadata=_option(
            _Kind(_devices, "auto, cpu, mps, cuda or cuda:N, or several of them with commas between"),
            "what trains: one training at a time on each, for example cuda:0,cuda:1",
        ),
    )
    training_queue: int = field(
        default=20, metadata=_option(_number(int, 1, 10_000), "how many trainings may wait or run at once")
    )
    training_pictures: Path | None = field(
        default=None,
        metadata=_option(_FOLDER, "a folder whose pictures callers may train with by naming them (default: none)"),
    )
    training_upload_mib: int = field(
        default=512, metadata=_option(_number(int, 1, 1 << 20), "largest sum of a training's pictures, in MiB")
    )

    @property
    def trainings_folder(self) -> Path:
        return self.trainings or self.filters / "trainings"

    @property
    def is_loopback(self) -> bool:
        """Whether only programs on this machine can reach the address."""
        host, _ = split_address(self.address)
        if host == "localhost":
            return True
        try:
            return ipaddress.ip_address(host.strip("[]")).is_loopback
        except ValueError:
            return False


def load_config(arguments: Sequence[str] | None, environment: Mapping[str, str] = os.environ) -> ServerConfig:
    """Raises ConfigError for a wrong value or file; exits as argparse does for an unknown option."""
    given = vars(_parser().parse_args(arguments))
    file = given["config"]
    from_file = _read_file(file) if file else {}
    values: dict[str, Any] = {}
    for option in fields(ServerConfig):
        variable = ENVIRONMENT_PREFIX + option.name.upper()
        for source, value in (
            (_flag(option), given[option.name]),
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
        description="Serves the filters of a folder over gRPC. Every option can also stand in a TOML file (--config) or"
        " in the environment, as PLEINAIR_ and its name in capitals.",
    )
    parser.add_argument("--config", metavar="FILE.toml", help="a file with options, such as: queue = 4")
    for option in fields(ServerConfig):
        parser.add_argument(_flag(option), metavar="VALUE", help=option.metadata["help"] + _default(option.default))
    return parser


def _default(value: Any) -> str:
    if value is None:
        return ""
    shown = ",".join(map(str, value)) if isinstance(value, tuple) else value
    return f" (default: {shown})"


def _flag(option: Field[Any]) -> str:
    return "--" + option.name.replace("_", "-")


def _read(option: Field[Any], source: str, value: object) -> Any:
    kind: _Kind = option.metadata["kind"]
    try:
        return kind.read(str(value))
    except ValueError as error:
        raise ConfigError(f"{source} is '{value}', but must be {kind.expected}.") from error


def _read_file(file: str) -> dict[str, object]:
    try:
        entries = tomllib.loads(Path(file).read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"The configuration {file} cannot be read ({error.strerror}); check its name.") from error
    except ValueError as error:
        raise ConfigError(f"The configuration {file} is not TOML: {error}.") from error
    known = [option.name for option in fields(ServerConfig)]
    for key in entries:
        if key not in known:
            raise ConfigError(f"The configuration {file} has the unknown key '{key}'; known are {', '.join(known)}.")
    return entries
