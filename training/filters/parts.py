"""Finds generators in what a file of weights holds: alone, or as parts of a checkpoint under any names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from training.errors import InputError
from training.filters.weights_file import WANTED

Weights = Mapping[str, Tensor]

# What stands before the names of a generator's layers, up to a layer that no other network has.
_GENERATOR = re.compile(r"(?:(.*?)\.)??(?:model\.\d+\.conv_block|encoder\.convs\.\d+|decoder\.convs\.\d+)\.")
_NAMES_TOLD = 8


def part_of(contents: Any, path: Path, wanted: str = "") -> tuple[str, Weights]:
    """Returns the name and the weights of the one generator, or of the one that ``wanted`` names: its part's whole
    name, such as ``state_dict.netG_A``, or one word of it. Without any, all weights, as parts without a name.

    Raises InputError for contents that are no named weights, and for several generators, whose names it tells.
    """
    tensors = _tensors(contents, path)
    names = _generators(tensors)
    chosen = [name for name in names if not wanted or name == wanted or _words(wanted) in _words(name)]
    exact = [name for name in chosen if name == wanted]
    if len(exact or chosen) == 1:
        return (exact or chosen)[0], _below((exact or chosen)[0], tensors)
    if not names and not wanted:
        return "", tensors
    raise InputError(f"{path} {_choice(wanted, chosen, names)}")


def unwrappings(weights: Weights) -> Iterator[Weights]:
    """Yields the weights, then without the first word of their names, and so on while they share that word."""
    yield weights
    words = {name.partition(".")[0] for name in weights}
    if len(words) == 1 and all("." in name for name in weights):
        yield from unwrappings(_below(words.pop(), weights))


def _tensors(contents: Any, path: Path) -> Weights:
    """All tensors, by their names joined with dots."""
    if not isinstance(contents, Mapping):
        raise InputError(f"{path} holds a {type(contents).__name__} in place of named weights; name {WANTED}.")
    if {"format", "config", "networks"} <= contents.keys():
        raise InputError(f"{path} is a checkpoint of Pleinair; export it with python -m training.export {path}.")
    tensors = dict(_walk(contents))
    if not tensors:
        raise InputError(f"{path} holds {_what(contents)}; expected the state_dict() of {WANTED}.")
    return tensors


def _walk(contents: Mapping[Any, Any]) -> Iterator[tuple[str, Tensor]]:
    """Yields tensors with their names, of each container once, as a file may put one into itself."""
    seen: set[int] = set()
    waiting: list[tuple[str, Mapping[Any, Any] | list[Any] | tuple[Any, ...]]] = [("", contents)]
    while waiting:
        prefix, container = waiting.pop(0)
        if id(container) in seen:
            continue
        seen.add(id(container))
        for key, value in container.items() if isinstance(container, Mapping) else enumerate(container):
            name = f"{prefix}.{key}" if prefix else str(key)
            if isinstance(value, Tensor):
                yield name, value
            elif isinstance(value, (Mapping, list, tuple)):
                waiting.append((name, value))


def _generators(tensors: Weights) -> list[str]:
    """The names of the parts that are generators, in the file's order."""
    matches = map(_GENERATOR.match, tensors)
    return list(dict.fromkeys(match[1] or "" for match in matches if match))


def _below(name: str, tensors: Weights) -> Weights:
    start = f"{name}." if name else ""
    return {key.removeprefix(start): value for key, value in tensors.items() if key.startswith(start)}


def _words(name: str) -> str:
    """The name's words, each between dots, so that one is found in the other as whole words."""
    return f".{name}."


def _choice(wanted: str, chosen: list[str], names: list[str]) -> str:
    if not names:
        return f"holds no generator, so --part {wanted} names none; name {WANTED}."
    if names == [""]:
        return f"holds one generator, which has no name such as {wanted!r}; leave out --part."
    if wanted and not chosen:
        return f"has no generator called {wanted!r}; those in it are {_listed(names)}: choose one with --part NAME."
    return f"holds {len(chosen)} generators, {_listed(chosen)}; choose one with --part, such as --part {chosen[0]}."


def _listed(names: list[str]) -> str:
    told = ", ".join(repr(name) for name in names[:_NAMES_TOLD])
    return told + (f" and {len(names) - _NAMES_TOLD} more" if len(names) > _NAMES_TOLD else "")


def _what(contents: Mapping[Any, Any]) -> str:
    return f"no tensors (its first key is {str(next(iter(contents)))[:100]!r})" if contents else "nothing"
