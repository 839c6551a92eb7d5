"""Headers that no client of gRPC would send, on calls that are right otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import hpack

from tests.fuzz import wire
from tests.fuzz.dice import TEXTS
from tests.fuzz.frames import HEADERS, answer
from tests.fuzz.holding import check_text
from tests.fuzz.target import Target

_VALUES: Mapping[str, tuple[str, ...]] = {
    ":method": ("GET", "PUT", "post", ""),
    ":scheme": ("https", "ftp", ""),
    ":path": (
        "/",
        "",
        "pleinair.v1.FilterService/ListFilters",
        "//",
        "/inference.GRPCInferenceService/ModelInfer",
        "*",
    ),
    ":authority": ("", "a b", "x" * 1000),
    ":status": ("200",),
    "content-type": ("text/html", "application/grpc+json", "application/grpc-web", "", "application/grpcx"),
    "te": ("", "gzip"),
    "grpc-timeout": ("1n", "0S", "-1S", "999999999999H", "abc", "1", "S", "00000001m", "1x"),
    "grpc-encoding": ("gzip", "nope", "identity,gzip"),
    "grpc-accept-encoding": ("nope", ",,,,"),
    "authorization": ("Bearer", "Bearer ", "Basic eDp5", "bearer x", "Bearer x y"),
    "x-request-id": ("ok-1", "a" * 5000, "two\nlines", "\x1b[2J"),
    "x-forwarded-for": ("127.0.0.1", "::1, 1.2.3.4", "unknown", "256.1.1.1"),
    "content-length": ("0", "99999999999", "-1"),
    "grpc-status": ("0",),
    "data-bin": ("!!!!", "AAAA", "A"),
    "connection": ("close",),
    "transfer-encoding": ("chunked",),
    "host": ("elsewhere",),
}
_NAMES = ("", "UPPER", "with space", "new\nline", "ü", ":unknown", "grpc-", "a" * 4000)


class Headers:
    """To one server. An attempt is a call on a connection of its own."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def attempt(self, dice: Random) -> None:
        """Raises Broken when the answer tells what it must not."""
        block = hpack.Encoder().encode(_headers(dice), huffman=dice.random() < 0.5)
        sent = wire.PREFACE + wire.frame(wire.SETTINGS, 0, 0)
        sent += wire.frame(wire.HEADERS, wire.END_HEADERS, 1, block)
        sent += wire.frame(wire.DATA, wire.END_STREAM, 1, wire.in_grpc(b""))
        check_text(answer(self._target.address, sent), *self._target.places)


def _headers(dice: Random) -> list[tuple[str, str]]:
    made = list(HEADERS)
    for _ in range(dice.randint(1, 3)):
        name = dice.choice(tuple(_VALUES)) if dice.random() < 0.85 else dice.choice(_NAMES)
        value = dice.choice((*_VALUES.get(name, ()), *_VALUES.get(name, ()), dice.choice(TEXTS)))
        place = next((place for place, (known, _) in enumerate(made) if known == name), None)
        if place is not None and dice.random() < 0.7:
            made[place] = (name, value)
        else:
            made.insert(dice.choice((len(made), dice.randint(0, len(made)))), (name, value))
    if dice.random() < 0.1:
        del made[dice.randrange(len(made))]
    return made * dice.choice((1,) * 20 + (2, 20))
