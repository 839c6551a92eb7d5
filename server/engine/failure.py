"""What is wrong with a network or a picture's size, in words that a caller can be told."""

from __future__ import annotations

import re

_LONGEST = 300

# How onnxruntime begins what it says, what it puts before what its parts say, and where in its sources they say so.
_PREFIX = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ")
_WITHIN = re.compile(r"\[(?:ONNXRuntimeError\] : \d+ : \w+ :|\w+Error\]) ")
_RUNNING = re.compile(r"Non-zero status code returned while running (\w+) node\. Name:'[^']*' Status Message: ")
_PLACE = re.compile(r"[\w/\\:+-]+\.(?:cc|cpp|cu|cuh|h|hpp):\d+ ")
_SIGNATURE = re.compile(r"^(?:[\w:~<>*&]+ )*?[\w:~<>*&]+\(")
_CONDITION = re.compile(r"^.*? was false\. ")


class NetworkFault(ValueError):
    """A network's answer that is no picture of the size that it was given."""


def cause(error: BaseException) -> str | None:
    """What ``error``, from loading or running a network, says of the network or the picture's size, without a full
    stop at its end; None where it says nothing of them."""
    text = str(error)
    if isinstance(error, NetworkFault):
        return f"{text[:1].lower()}{text[1:]}".rstrip(".")
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if not _PREFIX.match(text):
        return None
    said = " ".join(_PREFIX.sub("", text).split())
    running = _RUNNING.search(said)
    if running:
        return f"its operation {running[1]} says: {_shortened(said[running.end() :])}"
    return _shortened(said)


def _shortened(said: str) -> str:
    return " ".join(_without_places(_WITHIN.sub("", said)).split())[:_LONGEST].rstrip(". ")


def _without_places(said: str) -> str:
    place = _PLACE.search(said)
    if place is None:
        return said
    return f"{said[: place.start()]} {_without_places(_CONDITION.sub('', _without_function(said[place.end() :])))}"


def _without_function(said: str) -> str:
    """What is said after the name of a C++ function, with its arguments where these are named."""
    signature = _SIGNATURE.match(said)
    if signature is None:
        return said.partition(" ")[2]
    depth = 1
    for place in range(signature.end(), len(said)):
        depth += {"(": 1, ")": -1}.get(said[place], 0)
        if depth == 0:
            return said[place + 1 :].strip().removeprefix("const ")
    return said
