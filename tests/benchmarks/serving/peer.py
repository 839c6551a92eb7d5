"""The process in which one peer runs: ``python -m tests.benchmarks.serving.peer NAME SETTING``.

Orders come on standard input and answers go to standard output, one JSON object a line; it ends when its input does.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.benchmarks.core_seconds import core_seconds
from tests.benchmarks.serving.memory import peak_memory
from tests.benchmarks.serving.peers import make
from tests.benchmarks.serving.peers.base import Peer, Unavailable
from tests.benchmarks.serving.setting import Setting


def main(arguments: list[str]) -> int:
    name, setting = arguments
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer

    def tell(**answer: Any) -> None:
        print(json.dumps(answer), file=answers, flush=True)

    try:
        peer = make(name, Setting.from_json(setting))
        with peer.parts:
            tell()
            _obey(_Orders(peer), tell)
    except Unavailable as reason:
        tell(unavailable=str(reason))
    return 0


def _obey(orders: _Orders, tell: Callable[..., None]) -> None:
    for line in sys.stdin:
        ((order, argument),) = json.loads(line).items()
        tell(**getattr(orders, order)(argument))


class _Orders:
    """One method for each order; what it returns is the answer."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._answer: Any = None

    def load(self, path: str) -> dict[str, Any]:
        self._peer.load(np.load(path))
        return {}

    def run(self, _: None) -> dict[str, Any]:
        self._answer = None  # before the clock runs: giving memory back is not part of the next turn
        computed, start = core_seconds(self._peer.process_id), time.perf_counter()
        try:
            self._answer = self._peer.run()
        except Exception as error:  # such as a size for which its library has no way
            raise Unavailable(f"It fails: {str(error).strip().splitlines()[0][:200]}") from error
        seconds, total = time.perf_counter() - start, core_seconds(self._peer.process_id)
        cores = None if computed is None or total is None else (total - computed) / self._peer.pictures
        return {"seconds": seconds / self._peer.pictures, "core_seconds": cores}

    def save(self, path: str) -> dict[str, Any]:
        np.save(path, self._peer.picture(self._answer))
        return {}

    def memory(self, _: None) -> dict[str, Any]:
        return {"bytes": peak_memory(self._peer.process_id)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
