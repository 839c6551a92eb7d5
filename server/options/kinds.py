"""The kinds of values that options have: how each is read from text, and what is expected."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from server.options.addresses import split_address


@dataclass(frozen=True)
class OptionKind:
    """How an option is read from text: ``read`` raises ValueError, and ``expected`` completes the sentence "must be
    ..."; ``write`` gives a text that is read as the value."""

    read: Callable[[str], Any]
    expected: str
    write: Callable[[Any], str] = str


def number(kind: type[int] | type[float], least: float, most: float) -> OptionKind:
    """Whole numbers or floats from ``least`` to ``most``."""

    def read(text: str) -> float:
        value = kind(text)
        if not least <= value <= most:
            raise ValueError
        return value

    return OptionKind(read, f"a {'whole ' if kind is int else ''}number from {least} to {most}")


def choice(options: type[StrEnum]) -> OptionKind:
    """The texts of an enumeration."""
    return OptionKind(options, f"one of {', '.join(options)}")


def _memory(text: str) -> int:
    """Bytes from a number with a unit from KiB to TiB, or in MiB without one. Raises ValueError below 1 MiB."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:([KMGT])iB)?", text.strip(), re.IGNORECASE)
    if not found:
        raise ValueError
    count = int(float(found[1]) * 1024 ** ("KMGT".index((found[2] or "M").upper()) + 1))
    if count < 1 << 20:
        raise ValueError
    return count


def _switch(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError
    return text.lower() == "true"


def _memory_text(count: int) -> str:
    power = next((power for power in (4, 3, 2, 1) if count % 1024**power == 0), None)
    return f"{count // 1024**power}{'KMGT'[power - 1]}iB" if power else f"{count / 1024**2}MiB"


def _path(text: str) -> Path:
    if not text:
        raise ValueError
    return Path(text)


def _sides(text: str) -> tuple[int, ...]:
    sides = tuple(int(side) for side in text.split(","))
    if not all(16 <= side <= 8192 for side in sides):
        raise ValueError
    return sides


def _networks(text: str) -> tuple[str, ...]:
    return tuple(str(ipaddress.ip_network(network.strip())) for network in text.split(","))


def _address(text: str) -> str:
    host, port = split_address(text)
    if host in _SCHEMES:
        raise ValueError
    return f"{host}:{port}"


# With these gRPC would read what follows as the path of a socket, or as another kind of address.
_SCHEMES = frozenset({"unix", "unix-abstract", "vsock", "ipv4", "ipv6", "dns"})


def _devices(text: str) -> str:
    names = [name.strip() for name in text.split(",")]
    if not all(re.fullmatch(r"auto|cpu|mps|cuda(:\d{1,3})?", name) for name in names):
        raise ValueError
    return ",".join(names)


ADDRESS = OptionKind(_address, "HOST:PORT with a port up to 65535")
DEVICES = OptionKind(_devices, "auto, cpu, mps, cuda or cuda:N, or several of them separated by commas")
FILE = OptionKind(_path, "the path of a file")
FOLDER = OptionKind(_path, "the path of a folder")
MEMORY = OptionKind(_memory, "a size of at least 1 MiB, such as 6GiB, or 6144 for MiB", _memory_text)
SWITCH = OptionKind(_switch, "true or false")
NETWORKS = OptionKind(_networks, "addresses such as 10.0.0.7, or networks such as 10.0.0.0/24, separated by commas")
SIDES = OptionKind(_sides, "whole numbers from 16 to 8192, separated by commas")
