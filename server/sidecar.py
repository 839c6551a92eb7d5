"""NAME.toml beside NAME.onnx: how to feed a model that somebody else made."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.engine.session import Feed

_ABOUT = ("title", "description", "licence", "source_domain", "target_domain")
_REQUIRED = ("input", "output", "layout", "range", "multiple")


@dataclass(frozen=True)
class Sidecar:
    feed: Feed
    multiple: int
    about: dict[str, str]


def read_sidecar(path: Path, error: type[Exception]) -> Sidecar | None:
    """None when there is no such file. Raises ``error`` with one sentence for a file that does not say it all."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        raise error(f"{path.name} is not a TOML file that can be read; correct it.") from None
    try:
        return _parse(told)
    except ValueError as problem:
        raise error(f"{path.name}: {problem}.") from None


def _parse(told: dict[str, Any]) -> Sidecar:
    missing = [key for key in _REQUIRED if key not in told]
    if missing:
        raise ValueError(f"{', '.join(missing)} is missing; write {', '.join(_REQUIRED)}")
    unknown = sorted(set(told) - {*_REQUIRED, *_ABOUT, "output_range"})
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is not known; remove it")
    if told["layout"] not in ("NCHW", "NHWC"):
        raise ValueError('layout must be "NCHW" or "NHWC"')
    multiple = told["multiple"]
    if not isinstance(multiple, int) or isinstance(multiple, bool) or not 1 <= multiple <= 1024:
        raise ValueError("multiple must be a whole number from 1 to 1024")
    input_range = _range(told, "range")
    feed = Feed(
        input=_text(told, "input"),
        output=_text(told, "output"),
        channels_last=told["layout"] == "NHWC",
        input_range=input_range,
        output_range=_range(told, "output_range") if "output_range" in told else input_range,
    )
    return Sidecar(feed, multiple, {key: _text(told, key) for key in _ABOUT if key in told})


def _text(told: dict[str, Any], key: str) -> str:
    if not isinstance(told[key], str):
        raise ValueError(f"{key} must be a text in quotes")
    return str(told[key])


def _range(told: dict[str, Any], key: str) -> tuple[float, float]:
    value = told[key]
    if (
        not isinstance(value, list)
        or len(value) != 2
        or any(isinstance(number, bool) or not isinstance(number, int | float) for number in value)
        or value[0] == value[1]
    ):
        raise ValueError(f"{key} must be two different numbers, the values for black and white, like [0, 255]")
    return float(value[0]), float(value[1])
