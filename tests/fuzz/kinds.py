"""The kinds of nonsense, each with how many attempts `make test` makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from tests.fuzz.calls import Calls
from tests.fuzz.dice import dice_for
from tests.fuzz.folder import Folder
from tests.fuzz.frames import Frames
from tests.fuzz.headers import Headers
from tests.fuzz.holding import Broken
from tests.fuzz.leaving import Leaving
from tests.fuzz.limits import limited_memory
from tests.fuzz.nonsense import Answers
from tests.fuzz.pictures import ReadPictures, TranslatedPictures
from tests.fuzz.sidecars import Sidecars
from tests.fuzz.target import Target

_MEMORY = 1 << 30  # bytes that one attempt may take here
Attempt = Callable[[Random], None]


@dataclass(frozen=True)
class Kind:
    """A kind of nonsense for a server, or for a reader or client of ours; ``few`` attempts take a few seconds."""

    name: str
    attempt_at: Callable[[Target], Attempt]
    few: int


KINDS: Sequence[Kind] = (
    Kind("calls", lambda target: Calls(target).attempt, 1500),
    Kind("frames", lambda target: Frames(target).attempt, 120),
    Kind("headers", lambda target: Headers(target).attempt, 120),
    Kind("leaving", lambda target: Leaving(target).attempt, 80),
    Kind("pictures", lambda target: TranslatedPictures(target).attempt, 500),
    Kind("files", lambda target: ReadPictures().attempt, 2500),
    Kind("sidecars", lambda target: Sidecars().attempt, 1500),
    Kind("folder", lambda target: Folder(target).attempt, 8),
    Kind("answers", lambda target: Answers().attempt, 400),
)


def attempt(kind: Kind, target: Target, seed: str, numbers: Sequence[int]) -> Iterator[Broken]:
    """Makes these attempts of a kind, looks at the server after them, and tells what does not hold."""
    one = kind.attempt_at(target)
    for number in numbers:
        try:
            with limited_memory(_MEMORY):
                one(dice_for(seed, kind.name, number))
        except Broken as broken:
            yield Broken(f"{kind.name} {number} of SEED={seed}: {broken}")
        except Exception as error:  # where nothing but an answer, a refusal or Broken may come
            yield Broken(f"{kind.name} {number} of SEED={seed} ended in {error!r:.500}")
    try:
        target.check()
    except Broken as broken:
        yield Broken(f"after {kind.name} {numbers[0]} to {numbers[-1]} of SEED={seed}: {broken}")
