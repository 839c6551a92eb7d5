"""Reads a sidecar, NAME.toml beside NAME.onnx: how to feed a network from elsewhere, and what to call it."""

from __future__ import annotations

import difflib
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from server.engine.feed import Range, Samples
from server.errors import FilterProblem

GREATEST_MULTIPLE = 1024

_GREATEST = sys.float_info.max
_DEEPEST = 8


@dataclass(frozen=True)
class Sidecar:
    """The keys of a sidecar as fields; ranges are the network's values for black and white, ``inputs`` the values of
    its other inputs, and ``channels`` is empty where the network's own number of them says enough."""

    input: str
    output: str
    layout: str
    range: Range
    multiple: int
    output_range: Range | None = None
    channels: str = ""
    output_channels: str = ""
    mean: Samples = ()
    std: Samples = ()
    output_mean: Samples = ()
    output_std: Samples = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    title: str = ""
    description: str = ""
    licence: str = ""
    source_domain: str = ""
    target_domain: str = ""

    @property
    def channels_last(self) -> bool:
        return self.layout == "NHWC"


def read_sidecar(name: str, contents: bytes) -> Sidecar:
    """Reads and checks a sidecar's contents. Raises a FilterProblem that names the file and, where there is one, the
    key."""
    try:
        entries = tomllib.loads(contents.decode("utf-8-sig"))  # some editors on Windows begin it with a mark
    except Exception as error:
        raise FilterProblem(
            f"{name} beside it cannot be read as TOML ({_where(error)}); correct or remove it."
        ) from error
    for key in entries:
        if key not in _CHECKS:
            raise FilterProblem(
                f"{name} beside it has the unknown key '{key[:100]}'{_nearest(key)}; known keys: {', '.join(_CHECKS)}."
            )
    for key in REQUIRED:
        if key not in entries:
            raise FilterProblem(f"{name} beside it lacks the key '{key}'; required keys: {', '.join(REQUIRED)}.")
    return Sidecar(**{key: _checked(name, key, value) for key, value in entries.items()})


def _where(error: Exception) -> str:
    if isinstance(error, tomllib.TOMLDecodeError):
        return str(error)[:200]
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return "it is not readable UTF-8 text" if isinstance(error, UnicodeDecodeError) else "a value is out of range"


def _nearest(key: str) -> str:
    """A guess at what was meant, within a sentence; nothing where no key is near."""
    meant = _MEANT.get(key.lower()) or next(iter(difflib.get_close_matches(key.lower(), _CHECKS, 1)), None)
    return f"; '{meant}' may be meant" if meant else ""


def _checked(file_name: str, key: str, value: Any) -> Any:
    is_right, expected = _CHECKS[key]
    if not is_right(value):
        raise FilterProblem(f"{file_name} beside it has the key '{key}' = {_short(value)}; expected {expected}.")
    if key in _BY_CHANNEL and not isinstance(value, list):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except ValueError:  # Python writes no numbers of thousands of digits
        return "a number of thousands of digits"
    return text if len(text) <= 100 else f"{text[:100]}..."


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _one_of(names: Iterable[str]) -> tuple[Callable[[Any], bool], str]:
    known = tuple(names)
    *first, last = (f'"{name}"' for name in known)
    return (lambda value: value in known), f"{', '.join(first)} or {last}"


def _is_range(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_number, value)) and value[0] != value[1]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _GREATEST


def _are_numbers(value: Any) -> bool:
    return _is_number(value) or (isinstance(value, list) and 0 < len(value) <= 4 and all(map(_is_number, value)))


def _are_deviations(value: Any) -> bool:
    return _are_numbers(value) and all(number > 0 for number in (value if isinstance(value, list) else [value]))


def _is_multiple(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= GREATEST_MULTIPLE


def _are_inputs(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_constant, value.values()))


def _is_constant(value: Any, depth: int = _DEEPEST) -> bool:
    if isinstance(value, list):
        return depth > 0 and all(_is_constant(part, depth - 1) for part in value)
    return isinstance(value, bool) or _is_number(value)


_NAME = (_is_name, "the name of one of the network's tensors, in quotes")
_RANGE = (_is_range, "the network's values for black and white, such as [0, 255]")
_TEXT = (_is_text, "a text in quotes")
_MEAN = (_are_numbers, "a number, or one for each channel, such as [0.485, 0.456, 0.406]")
_STD = (_are_deviations, "a number above 0, or one for each channel, such as [0.229, 0.224, 0.225]")

_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "input": _NAME,
    "output": _NAME,
    "layout": _one_of(("NCHW", "NHWC")),
    "range": _RANGE,
    "multiple": (_is_multiple, f"a whole number from 1 to {GREATEST_MULTIPLE}"),
    "output_range": _RANGE,
    "channels": _one_of(("RGB", "BGR", "RGBA", "BGRA", "GREY")),
    "output_channels": _one_of(("RGB", "BGR")),
    "mean": _MEAN,
    "std": _STD,
    "output_mean": _MEAN,
    "output_std": _STD,
    "inputs": (_are_inputs, "a table of the values of its other inputs: [inputs], and below it NAME = NUMBER"),
    "title": _TEXT,
    "description": _TEXT,
    "licence": _TEXT,
    "source_domain": _TEXT,
    "target_domain": _TEXT,
}

_BY_CHANNEL = ("mean", "std", "output_mean", "output_std")

REQUIRED = ("input", "output", "layout", "range", "multiple")

# What others call these keys.
_MEANT = {
    "deviation": "std",
    "stddev": "std",
    "scale": "range",
    "order": "channels",
    "channel_order": "channels",
    "color_order": "channels",
    "license": "licence",
    "size_multiple": "multiple",
    "constants": "inputs",
    "name": "title",
}
