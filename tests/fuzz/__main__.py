"""Fuzzes for as long as one likes: ``python -m tests.fuzz --minutes 60 [--seed SEED] [--only KIND ...]``."""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.fuzz.holding import Broken
from tests.fuzz.kinds import KINDS, Kind, attempt
from tests.fuzz.target import Target, targeted

_STOP_AFTER = 20  # things that do not hold


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0 when all held, 1 when something did not."""
    asked = _asked(arguments)
    seed = asked.seed or f"{random.SystemRandom().randrange(10**12)}"
    print(f"Fuzzing for {asked.minutes:g} minutes with SEED={seed}.", flush=True)
    kinds = [kind for kind in KINDS if not asked.only or kind.name in asked.only]
    with tempfile.TemporaryDirectory() as folder, targeted(Path(folder)) as target:
        problems = 0
        for problem in _fuzz(kinds, target, seed, until=time.monotonic() + asked.minutes * 60):
            problems += 1
            print(f"BROKEN {problem}", flush=True)
            if problems == _STOP_AFTER or not target.is_up:
                break
    print(f"{problems} things did not hold with SEED={seed}.")
    return 1 if problems else 0


def _fuzz(kinds: Sequence[Kind], target: Target, seed: str, *, until: float) -> Iterator[Broken]:
    """Goes round the kinds, with an eighth of ``Kind.few`` of each in turn, and prints what the server takes."""
    for number in itertools.count():
        for kind in kinds:
            count = max(1, kind.few // 8)
            yield from attempt(kind, target, seed, range(number * count, (number + 1) * count))
            if time.monotonic() > until:
                return
        if number % 10 == 0:
            print(f"round {number}: {target}", flush=True)


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", default="", help="that of an earlier run (default: another each time)")
    parser.add_argument("--only", nargs="*", default=(), choices=[kind.name for kind in KINDS])
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
