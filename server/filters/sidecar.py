"""Reads a sidecar, NAME.toml beside NAME.onnx: how to feed a network from elsewhere, and what to call it."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.engine.feed import Range
from server.errors import FilterProblem

GREATEST_MULTIPLE = 1024


@dataclass(frozen=True)
class Sidecar:
    """The keys of a sidecar as fields; ranges are the network's values for black and white."""

    input: str
    output: str
    layout: str
    range: Range
    multiple: int
    output_range: Range | None = None
    title: str = ""
    description: str = ""
    licence: str = ""
    source_domain: str = ""
    target_domain: str = ""

    @property
    def channels_last(self) -> bool:
        return self.layout == "NHWC"


def read_sidecar(path: Path) -> Sidecar:
    """Reads and checks a sidecar. Raises a FilterProblem that names the file and, where there is one, the key."""
    try:
        entries = tomllib.loads(path.read_text("utf-8"))
    except Exception as error:
        raise FilterProblem(
            f"{path.name} beside it cannot be read as TOML ({_where(error)}); correct or remove it."
        ) from error
    for key in entries:
        if key not in _CHECKS:
            raise FilterProblem(f"{path.name} beside it has the unknown key '{key}'; known keys: {', '.join(_CHECKS)}.")
    for key in REQUIRED:
        if key not in entries:
            raise FilterProblem(f"{path.name} beside it lacks the key '{key}'; required keys: {', '.join(REQUIRED)}.")
    return Sidecar(**{key: _checked(path.name, key, value) for key, value in entries.items()})


def _where(error: Exception) -> str:
    return str(error) if isinstance(error, tomllib.TOMLDecodeError) else "it is not readable UTF-8 text"


def _checked(file_name: str, key: str, value: Any) -> Any:
    is_right, expected = _CHECKS[key]
    if not is_right(value):
        raise FilterProblem(f"{file_name} beside it has the key '{key}' = {value!r}; expected {expected}.")
    return tuple(value) if isinstance(value, list) else value


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_layout(value: Any) -> bool:
    return value in ("NCHW", "NHWC")


def _is_range(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_number, value)) and value[0] != value[1]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_multiple(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= GREATEST_MULTIPLE


_NAME = (_is_name, "the name of one of the network's tensors, in quotes")
_RANGE = (_is_range, "the network's values for black and white, such as [0, 255]")
_TEXT = (_is_text, "a text in quotes")

_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "input": _NAME,
    "output": _NAME,
    "layout": (_is_layout, '"NCHW" or "NHWC"'),
    "range": _RANGE,
    "multiple": (_is_multiple, f"a whole number from 1 to {GREATEST_MULTIPLE}"),
    "output_range": _RANGE,
    "title": _TEXT,
    "description": _TEXT,
    "licence": _TEXT,
    "source_domain": _TEXT,
    "target_domain": _TEXT,
}

REQUIRED = ("input", "output", "layout", "range", "multiple")
